import { request } from 'undici';
import { FORM } from './signed.ts';
import type { Source } from './source/index.ts';

/** The cookies of a log-in through WordPress's own form. */
export async function logInCookies(source: Source, user: string, password: string): Promise<string> {
  const answer = await request(source.loginUrl, {
    method: 'POST',
    headers: { ...FORM, cookie: 'wordpress_test_cookie=WP Cookie check' },
    body: new URLSearchParams({ log: user, pwd: password, testcookie: '1' }).toString(),
  });
  await answer.body.dump();
  return [answer.headers['set-cookie'] ?? []]
    .flat()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}
