import type { Browser } from 'playwright-core';
import { abortable, withTimeout } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { findChromium } from './chromium.ts';
import { insideRules } from './fence.ts';
import { type Gate, openGate } from './gate.ts';
import type { Reach } from '../../reach.ts';

export interface BrowserDeps extends WorkContext {
  /** PATH and WPCLONE_CHROMIUM are looked at. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where connections may lead; absent: anywhere but inside. */
  readonly reach?: Reach | undefined;
}

/** Milliseconds for Chromium to start, for all that is done with it, and for it to end. */
const START_LIMIT = 60_000;
const USE_LIMIT = 180_000;
const END_LIMIT = 10_000;

/** Nothing that a person did not ask for leaves the machine: no updates, no sync, no background requests. */
const QUIET = [
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** With a gate nothing goes past it: no name is resolved here, and no script sends by UDP. */
const GATED = [
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
];

/**
 * Runs `work` with the system's Chromium for the site at `home`. It ends with the work, or when the signal aborts. Most that is asked of a page has no limit:
 * one whose script never ends answers nothing. Throws BROWSER_MISSING, LOGIN_PAGE_NOT_FOUND.
 */
export async function withBrowser<T>(home: URL, deps: BrowserDeps, work: (browser: Browser) => Promise<T>): Promise<T> {
  const gate = deps.reach && (await openGate(deps.reach));
  const late = new WpcloneError('LOGIN_PAGE_NOT_FOUND', 'The log-in page keeps a browser busy without end.');
  try {
    const browser = await launch(home, gate, deps);
    try {
      return await withTimeout(USE_LIMIT, deps, late, () => abortable(work(browser), deps.signal));
    } finally {
      await withTimeout(END_LIMIT, deps, late, () => browser.close()).catch(() => undefined);
    }
  } finally {
    gate?.close();
  }
}

async function launch(home: URL, gate: Gate | undefined, deps: BrowserDeps): Promise<Browser> {
  const executablePath = await findChromium(deps.environment);
  if (executablePath === undefined) {
    throw new WpcloneError(
      'BROWSER_MISSING',
      'The log-in page of the site needs a browser, and this machine has no Chromium.',
    );
  }
  const { chromium } = await import('playwright-core');
  const starting = chromium.launch({
    executablePath,
    ...(gate === undefined
      ? { args: [...QUIET, `--host-resolver-rules=${insideRules(home)}`] }
      : { args: [...QUIET, ...GATED], proxy: { server: gate.url } }),
    // Chromium refuses to sandbox when it runs as root.
    chromiumSandbox: process.getuid?.() !== 0,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: START_LIMIT,
  });
  try {
    return await abortable(starting, deps.signal);
  } catch (error) {
    // It may still come up for a run that was cancelled.
    starting.then((browser) => browser.close()).catch(() => undefined);
    deps.signal.throwIfAborted();
    throw new WpcloneError('BROWSER_MISSING', `Chromium does not start: ${executablePath}`, { cause: error });
  }
}
