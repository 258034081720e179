import { expect, it } from 'vitest';
import { networkFailure } from '../../src/site/http.ts';
import { openFront } from '../../src/site/connect/recognise/front.ts';
import type { Page } from '../../src/site/connect/visit/page.ts';
import type { Session } from '../../src/site/connect/visit/session.ts';
import { failureOf } from '../support/work.ts';

const ADDRESSES = [new URL('https://site.example'), new URL('http://site.example')];

/** Asks nobody: https fails in some way, and what is asked for without it is noted. */
function session(failure: unknown): { readonly session: Session; readonly plain: string[] } {
  const plain: string[] = [];
  const get = async (url: URL): Promise<Page> => {
    if (url.protocol === 'https:') throw networkFailure(failure, url);
    plain.push(url.href);
    return { url, status: 200, headers: {}, text: '' };
  };
  const own = { get, getOnce: get, with: () => own };
  return { session: own as unknown as Session, plain };
}
const failed = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

it.each(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'EHOSTUNREACH', 'EAI_AGAIN'])(
  'a site whose https is slow or out of order (%s) is not tried without: its password would go in the clear; whoever has none is told how',
  async (code) => {
    const { session: site, plain } = session(failed(code));
    const failure = await failureOf(openFront(ADDRESSES, site));
    expect([failure.code, failure.retryable]).toEqual(['UNREACHABLE', false]);
    expect(failure.nextSteps.at(-1)).toContain('http://site.example');
    expect(plain).toEqual([]);
  },
);

it.each(['ECONNREFUSED', 'ECONNRESET'])('a site that offers no https (%s) is tried without', async (code) => {
  const { session: site, plain } = session(failed(code));
  const { front } = await openFront(ADDRESSES, site);
  expect([front.status, plain]).toEqual([200, ['http://site.example/']]);
});

it('one that was asked for with its scheme is told of nothing else', async () => {
  const { session: site } = session(failed('UND_ERR_CONNECT_TIMEOUT'));
  const { nextSteps } = await failureOf(openFront(ADDRESSES.slice(0, 1), site));
  expect(nextSteps.join()).not.toContain('http://');
});
