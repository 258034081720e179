import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signatureHeaders, signedText } from '../../src/site/signing.ts';

const request = { method: 'POST', target: '/?a=1', time: 1_700_000_000, nonce: 'ab'.repeat(16), body: '{"op":"info"}' };
const secret = Buffer.alloc(32, 7).toString('base64url');

describe('signing a request', () => {
  it('puts every part after its length in bytes', () => {
    const text = signedText({ ...request, target: '/ü' });
    expect(text.split('\n').slice(0, 3)).toEqual(['wpclone-1', '4:POST', '3:/ü']);
    expect(text).toContain('\n64:');
  });

  it('gives another signature when any part changes', () => {
    const signature = (changed: Partial<typeof request>): string | undefined =>
      signatureHeaders({ ...request, ...changed }, 'id', secret)['x-wpclone-signature'];
    const all = [
      signature({}),
      signature({ method: 'GET' }),
      signature({ target: '/' }),
      signature({ time: 1_700_000_001 }),
      signature({ nonce: 'cd'.repeat(16) }),
      signature({ body: '{}' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('never gives two requests the same text, wherever the borders between parts lie', () => {
    const part = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(part, part, part, part, (method, target, otherMethod, otherTarget) => {
        fc.pre(method !== otherMethod || target !== otherTarget);
        const one = signedText({ ...request, method, target });
        expect(one).not.toBe(signedText({ ...request, method: otherMethod, target: otherTarget }));
      }),
    );
  });
});
