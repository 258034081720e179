import { createHash, createHmac } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { PROTOCOL } from './protocol.ts';

/** The parts of a request that are signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they stand in the request line. */
  readonly target: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** 16 bytes, hex. */
  readonly nonce: string;
  /** As `packContent` gives it. */
  readonly content: string;
}

/** The text that is signed: each part after its length, so that no two requests have the same text. */
export function signedText(request: SignedRequest): string {
  const hash = createHash('sha256').update(request.content).digest('hex');
  const parts = [request.method, request.target, String(request.time), request.nonce, hash];
  return [`wpclone-${PROTOCOL}`, ...parts.map((part) => `${Buffer.byteLength(part)}:${part}`)].join('\n');
}

/**
 * A question as it is sent: hexadecimal, so that a firewall finds no words in it. Short ones are not deflated, nor any for a site whose
 * PHP cannot inflate.
 */
export function packContent(question: object, deflated: boolean): string {
  const json = Buffer.from(JSON.stringify(question));
  return (deflated && json.length > 512 ? deflateSync(json) : json).toString('hex');
}

/**
 * The body of a request, as a form with one field. All that proves that a holder of the key sends it is in there: a proxy may drop
 * headers that it does not know. `secret` is base64url.
 */
export function signedBody(request: SignedRequest, keyId: string, secret: string): string {
  const key = Buffer.from(secret, 'base64url');
  const signature = createHmac('sha256', key).update(signedText(request)).digest('hex');
  return `wpclone=${[keyId, request.time, request.nonce, signature, request.content].join('.')}`;
}
