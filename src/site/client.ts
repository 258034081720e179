import type { Dispatcher } from 'undici';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { SourceAccess } from './access.ts';
import type { SiteClient } from './client-types.ts';
import { converse, type Session } from './conversation.ts';
import { openLendingAgent } from './lent/agent.ts';
import { siteInfoSchema, type SiteInfo } from './info.ts';
import { isLoopback } from '../shared/loopback.ts';
import { createPace } from './pace.ts';
import { readDigests } from './read-digests.ts';
import { readFiles } from './read-files.ts';
import { readManifest } from './read-manifest.ts';
import { readRows } from './read-rows.ts';
import { createTransport } from './transport.ts';
import { understoodJson } from './understood.ts';

export interface SiteClientDeps extends Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'> {
  /** Told before each wait. */
  readonly retry: (message: string, waitSeconds: number) => void;
  /** There are other ways to the site: the first refusal of a wall is an answer. */
  readonly hasty?: boolean;
  /** Connections to use instead of own ones. */
  readonly dispatcher?: Dispatcher;
}

/** Talks to a site's migrator. Sockets of its own close when idle; `close` ends them at once. */
export function createSiteClient(
  access: SourceAccess,
  deps: SiteClientDeps,
): SiteClient & { readonly close: () => Promise<void> } {
  const dispatcher = deps.dispatcher ?? openLendingAgent(access.insecureTls, access.reach);
  const session: Session = {
    transport: createTransport(access, { ...deps, dispatcher }),
    pace: createPace({ near: isLoopback(new URL(access.endpoint).hostname) }),
    now: deps.now,
    sleep: deps.sleep,
    random: () => deps.randomBytes(4).readUInt32BE() / 2 ** 32,
    retry: deps.retry,
    hasty: deps.hasty ?? false,
    answered: false,
  };
  return {
    info: (signal) => readInfo(session, signal),
    rows: (tables, signal) => readRows(session, tables, signal),
    digests: (tables, signal) => readDigests(session, tables, signal),
    manifest: (request, signal) => readManifest(session, request, signal),
    files: (files, signal) => readFiles(session, files, signal),
    disconnect: async (signal) => {
      await askOnce(session, 'disconnect', signal);
    },
    close: async () => {
      if (!deps.dispatcher) await dispatcher.destroy();
    },
  };
}

async function readInfo(session: Session, signal: AbortSignal): Promise<SiteInfo> {
  return understoodJson(siteInfoSchema, await askOnce(session, 'info', signal));
}

async function askOnce(session: Session, op: string, signal: AbortSignal): Promise<Buffer> {
  let answer: Buffer | undefined;
  const { frames } = converse(session, { request: () => (answer === undefined ? { op } : null) }, signal);
  for await (const frame of frames) {
    if (frame.type === 'I') answer = Buffer.from(frame.body);
  }
  if (answer === undefined) throw new WpcloneError('SOURCE_FAILED', 'The site gave no answer.');
  return answer;
}
