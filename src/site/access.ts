import { z } from 'zod';

/** What it takes to send signed requests to a site's migrator. Plain data: a pod gets the same. Holds a secret: never log it. */
export const accessSchema = z
  .object({
    /** The home URL as the site itself knows it after redirects, without a trailing slash. */
    url: z.string(),
    /** Where signed requests are posted: the home URL's index. */
    endpoint: z.string(),
    keyId: z.string(),
    /** 32 random bytes, base64url. */
    secret: z.string(),
    /** Go on although the certificate cannot be verified. */
    insecureTls: z.boolean(),
  })
  .readonly();
export type SourceAccess = z.infer<typeof accessSchema>;
