import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cloneUrlOf } from '../../src/engine/clone.ts';
import { cloneName } from '../../src/engine/names.ts';

it('names a clone after its source', () => {
  expect(cloneName('https://www.my-site.example/blog', randomBytes)).toMatch(/^my-site-[a-z2-9]{3}$/);
  expect(cloneName('www.my-site.example', randomBytes)).toMatch(/^my-site-[a-z2-9]{3}$/);
  expect(cloneName('localhost:8080/blog', randomBytes)).toMatch(/^localhost-[a-z2-9]{3}$/);
  expect(cloneName('http://127.0.0.1:8080', randomBytes)).toMatch(/^site-[a-z2-9]{3}$/);
  expect(cloneName('http://[::1]:8080', randomBytes)).toMatch(/^site-[a-z2-9]{3}$/);
});

it('always names a clone with a DNS label of at most 40 characters', () => {
  fc.assert(
    fc.property(fc.webAuthority(), (authority) => {
      expect(cloneName(`https://${authority}`, randomBytes)).toMatch(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/);
    }),
  );
});

it('keeps the path of the source so that root-relative links go on working', () => {
  expect(cloneUrlOf('http://localhost:8101', 'https://a.example')).toBe('http://localhost:8101');
  expect(cloneUrlOf('http://localhost:8101', 'https://a.example/blog')).toBe('http://localhost:8101/blog');
});
