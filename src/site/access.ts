/** What it takes to send signed requests to a site's migrator. Plain data: a pod gets the same. Holds a secret: never log it. */
export interface SourceAccess {
  /** The home URL as the site itself knows it after redirects, without a trailing slash. */
  readonly url: string;
  /** Where signed requests are posted: the home URL's index. */
  readonly endpoint: string;
  readonly keyId: string;
  /** 32 random bytes, base64url. */
  readonly secret: string;
  /** Go on although the certificate cannot be verified. */
  readonly insecureTls: boolean;
}
