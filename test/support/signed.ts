import { randomBytes } from 'node:crypto';
import type { SourceAccess } from '../../src/site/access.ts';
import { packContent, signedBody } from '../../src/site/signing.ts';

/** The headers of a request to the migrator. */
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** The body of a request to the migrator, as the holder of a key signs it for the front page. */
export function signedForm(
  { keyId, secret }: Pick<SourceAccess, 'keyId' | 'secret'>,
  question: object,
  time = Math.floor(Date.now() / 1000),
): string {
  const nonce = randomBytes(16).toString('hex');
  return signedBody({ method: 'POST', target: '/', time, nonce, content: packContent(question, true) }, keyId, secret);
}
