import { createHash, createHmac } from 'node:crypto';

/** The parts of a request that are signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they stand in the request line. */
  readonly target: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** 16 bytes, hex. */
  readonly nonce: string;
  readonly body: string;
}

/** The text that is signed: each part after its length, so that no two requests have the same text. */
export function signedText(request: SignedRequest): string {
  const hash = createHash('sha256').update(request.body).digest('hex');
  const parts = [request.method, request.target, String(request.time), request.nonce, hash];
  return ['wpclone-1', ...parts.map((part) => `${Buffer.byteLength(part)}:${part}`)].join('\n');
}

/** Headers that prove that a holder of the key sends this very request. `secret` is base64url. */
export function signatureHeaders(request: SignedRequest, keyId: string, secret: string): Record<string, string> {
  const key = Buffer.from(secret, 'base64url');
  return {
    'x-wpclone-key': keyId,
    'x-wpclone-time': String(request.time),
    'x-wpclone-nonce': request.nonce,
    'x-wpclone-signature': createHmac('sha256', key).update(signedText(request)).digest('hex'),
  };
}
