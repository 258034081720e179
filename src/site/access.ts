import { z } from 'zod';

/** A name and a password for HTTP basic authentication (RFC 7617). */
const httpAuthSchema = z.object({ username: z.string(), password: z.string() }).readonly();
export type HttpAuth = z.infer<typeof httpAuthSchema>;

/** What it takes to send signed requests to a site's migrator. Plain data: a pod gets the same. Holds secrets: never log it. */
export const accessSchema = z
  .object({
    /** The home URL as the site itself knows it after redirects, without a trailing slash; WordPress's own where its home is on another host. */
    url: z.string(),
    /** Where signed requests are posted: what runs WordPress there. */
    endpoint: z.string(),
    keyId: z.string(),
    /** 32 random bytes, base64url. */
    secret: z.string(),
    /** Go on although the certificate cannot be verified. */
    insecureTls: z.boolean(),
    /** The name that the site knows us by: a wall that let a browser in lets in that name only. */
    userAgent: z.string().optional(),
    /** What a wall gave a browser that it let in: the value of a Cookie header. */
    cookies: z.string().optional(),
    /** For the web server's own password. */
    httpAuth: httpAuthSchema.optional(),
    /** See `Reach`. */
    reach: z.array(z.string()).readonly().optional(),
  })
  .readonly();
export type SourceAccess = z.infer<typeof accessSchema>;

/** What all requests of a clone call themselves, the browser's too: firewalls refuse names that are no browser's, and watch for changes. */
export const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** The headers that get a request to the site: name, cookies of a wall, the web server's password. To the site itself only. */
export function headersFor(access: Pick<SourceAccess, 'userAgent' | 'cookies' | 'httpAuth'>): Record<string, string> {
  const { userAgent = USER_AGENT, cookies, httpAuth } = access;
  return {
    'user-agent': userAgent,
    ...(cookies ? { cookie: cookies } : {}),
    ...(httpAuth ? { authorization: basicAuthorization(httpAuth) } : {}),
  };
}

/** The value of an Authorization header. */
export const basicAuthorization = ({ username, password }: HttpAuth): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
