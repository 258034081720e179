import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packContent, signedBody, signedText } from '../../src/site/signing.ts';

const request = {
  method: 'POST',
  target: '/?a=1',
  time: 1_700_000_000,
  nonce: 'ab'.repeat(16),
  content: packContent({ op: 'info' }, true),
};
const secret = Buffer.alloc(32, 7).toString('base64url');

describe('signing a request', () => {
  it('puts every part after its length in bytes', () => {
    const text = signedText({ ...request, target: '/ü' });
    expect(text.split('\n').slice(0, 3)).toEqual(['wpclone-2', '4:POST', '3:/ü']);
    expect(text).toContain('\n64:');
  });

  it('gives another signature when any part changes', () => {
    const signature = (changed: Partial<typeof request>): string | undefined =>
      signedBody({ ...request, ...changed }, 'id', secret).split('.')[3];
    const all = [
      signature({}),
      signature({ method: 'GET' }),
      signature({ target: '/' }),
      signature({ time: 1_700_000_001 }),
      signature({ nonce: 'cd'.repeat(16) }),
      signature({ content: packContent({}, true) }),
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

  it('holds no words: key, time, nonce, signature and content are hexadecimal', () => {
    const files = Array.from({ length: 50 }, (_, index) => ['core', `wp-content/.htaccess-${index}/config.php`]);
    for (const deflated of [true, false]) {
      const content = packContent({ op: 'files', files }, deflated);
      const body = signedBody({ ...request, content }, '0123456789abcdef', secret);
      expect(body).toMatch(/^wpclone=[0-9a-f]{16}\.\d{10}\.[0-9a-f]{32}\.[0-9a-f]{64}\.[0-9a-f]+$/);
      const bytes = Buffer.from(content, 'hex');
      const json: unknown = JSON.parse(String(deflated ? inflateSync(bytes) : bytes));
      expect(json).toEqual({ op: 'files', files });
    }
  });
});
