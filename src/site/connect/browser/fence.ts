import { lookup } from 'node:dns/promises';
import type { BrowserContext, Page as Tab } from 'playwright-core';
import { isPrivateAddress } from '../../../shared/networks.ts';
import { staysAtHome } from '../../own-urls.ts';

/** What a page wants to ask for, also where a redirect leads it. */
export interface Wanted {
  readonly url: URL;
  /** The address and what would be sent. */
  readonly carried: string;
  /** It would replace the page, or a frame in it. */
  readonly navigation: 'page' | 'frame' | undefined;
}

/**
 * Keeps a browser's pages from this machine's and its networks' own addresses (unless the site itself has the same name), from
 * WebSockets to other hosts, and from what `mayAsk` refuses. Playwright's routes do not see where redirects lead, Chromium's own
 * interception does. Further windows are closed. Returns the one page that there is.
 */
export async function openFencedTab(
  context: BrowserContext,
  home: URL,
  mayAsk: (wanted: Wanted) => boolean,
): Promise<Tab> {
  const known = new Map<string, Promise<boolean>>([[home.hostname, Promise.resolve(false)]]);
  const isPrivate = (hostname: string): Promise<boolean> => {
    const answer = known.get(hostname) ?? leadsInside(hostname);
    known.set(hostname, answer);
    return answer;
  };
  await context.routeWebSocket(/.*/, (socket) => {
    const url = URL.parse(socket.url().replace(/^ws/, 'http'));
    if (url && staysAtHome(url, home)) socket.connectToServer();
    else void socket.close().catch(() => undefined);
  });
  const tab = await context.newPage();
  context.on('page', (other) => void other.close().catch(() => undefined));
  const session = await context.newCDPSession(tab);
  const { frameTree } = await session.send('Page.getFrameTree');
  session.on('Fetch.requestPaused', ({ requestId, request, resourceType, frameId }) => {
    const url = URL.parse(request.url);
    const page = frameId === frameTree.frame.id ? 'page' : 'frame';
    const body = (request.postDataEntries ?? []).map(({ bytes = '' }) => Buffer.from(bytes, 'base64').toString());
    const carried = [request.url, request.postData ?? '', ...body].join(' ');
    const wanted = url && ({ url, carried, navigation: resourceType === 'Document' ? page : undefined } as const);
    const isOpen = async (): Promise<boolean> => {
      if (wanted === null || !/^https?:$/.test(wanted.url.protocol)) return true;
      return mayAsk(wanted) && (staysAtHome(wanted.url, home) || !(await isPrivate(wanted.url.hostname)));
    };
    // A page that is gone by now needs no answer.
    void isOpen()
      .then((open) =>
        open
          ? session.send('Fetch.continueRequest', { requestId })
          : session.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' }),
      )
      .catch(() => undefined);
  });
  await session.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
  return tab;
}

/** Chromium asks for itself, a moment later: a name that changes in between gets past this. */
async function leadsInside(hostname: string): Promise<boolean> {
  const addresses = await lookup(hostname.replaceAll(/[[\]]/g, ''), { all: true }).catch(() => []);
  return addresses.some(({ address }) => isPrivateAddress(address));
}

/** For Chromium's own resolver, which all of it goes through, workers and WebSockets too: such addresses and names do not exist. */
export function insideRules(home: URL): string {
  const seconds = Array.from({ length: 16 }, (_, index) => `172.${16 + index}.*`);
  const names = ['localhost', '*.localhost', '0.*', '10.*', '127.*', '169.254.*', '192.168.*', ...seconds];
  const six = ['[::]', '[::1]', '[::ffff:*', '[fc*', '[fd*', '[fe8*', '[fe9*', '[fea*', '[feb*'];
  const rules = [...names, ...six].map((name) => `MAP ${name} ~NOTFOUND`);
  return [...rules, `EXCLUDE ${home.hostname}`].join(', ');
}
