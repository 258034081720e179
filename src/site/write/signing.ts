import { createHash, createPrivateKey, generateKeyPairSync, sign as signWith } from 'node:crypto';
import type { SignedRequest } from '../signing.ts';

/** What it takes to write to a site for one restore. Plain data, so that a pod can be given it. Holds a secret: never log it. */
export interface WriteKey {
  /** The restore that it is bound to. */
  readonly restore: string;
  /** The private half: PKCS #8, base64url. */
  readonly privateKey: string;
  /** Seconds that the site's clock is ahead of ours. */
  readonly clockOffset: number;
}

/** A fresh pair of Ed25519 keys: the private half as `WriteKey` has it, the public one as its 32 bytes in hex. */
export function newWriteKeys(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
    // The encoding of an Ed25519 key ends with the key itself (RFC 8410).
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
  };
}

/** The text that is signed: each part after its length. `number` grows from request to request. */
export function writtenText(request: SignedRequest, restore: string, number: number): string {
  const hash = createHash('sha256').update(request.content).digest('hex');
  const parts = [request.method, request.target, String(request.time), request.nonce, restore, String(number), hash];
  return ['wpclone-restore-1', ...parts.map((part) => `${Buffer.byteLength(part)}:${part}`)].join('\n');
}

/** The body of a request that writes, as a form with one field. */
export function writtenBody(request: SignedRequest, key: WriteKey, number: number): string {
  const privateKey = createPrivateKey({ key: Buffer.from(key.privateKey, 'base64url'), format: 'der', type: 'pkcs8' });
  const signature = signWith(null, Buffer.from(writtenText(request, key.restore, number)), privateKey).toString('hex');
  return `wpclone=${[key.restore, request.time, request.nonce, number, signature, request.content].join('.')}`;
}
