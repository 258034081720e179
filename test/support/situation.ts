import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { createCookies } from '../../src/site/cookies.ts';
import { lookAt } from '../../src/site/looks.ts';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import type { CommandLine, Finished } from './cli.ts';
import type { Source, SourceOptions } from './source/index.ts';
import type { WallRules } from './wall.ts';

/** One thing that real sites do, planted in a real source and cloned with the built command. */
export interface Situation {
  /** The promise that is kept: the name of the test. */
  readonly promise: string;
  /** The source; its host is 127.0.0.111 unless it says otherwise, so that its address and the clone's differ in length. */
  readonly source?: SourceOptions;
  /** Settings of a MariaDB server of the source's own, such as --lower-case-table-names=1. */
  readonly databaseSettings?: readonly string[];
  /** Called before the command runs. Must-use plugins are easier given in `source.muPlugins`; `beside` reads a file's text. */
  readonly plant?: (source: Source) => Promise<void>;
  /** A wall before the source, by whose address it is known and cloned. */
  readonly wall?: WallRules;
  /** More arguments of `wpclone clone URL --username ADMIN --password-file -`; `--json` is among them already. */
  readonly args?: readonly string[] | ((source: Source) => readonly string[]);
  readonly environment?: NodeJS.ProcessEnv;
  /** The address to clone, when it is not the source's. */
  readonly url?: (source: Source) => string;
  /** Throws (expect) when the promise is not kept. Runs while source and clone are there. */
  readonly check: (made: Made) => Promise<void>;
}

/** What came of it. */
export interface Made {
  readonly source: Source;
  readonly cli: CommandLine;
  readonly finished: Finished;
  /** The clone; fails the test with what the command printed when there is none. */
  readonly clone: () => CloneResult;
  /** The error as in `--json`; fails the test when the command went well. */
  readonly failure: () => { readonly code: string; readonly message: string; readonly next_steps: readonly string[] };
  /** Asks the clone for a page, as a visitor without cookies, following no redirect. */
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
  /** Follows the log-in link that the command printed, to where it leads. */
  readonly enter: () => Promise<Answer & { readonly url: string }>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The text of a file in `folder` (import.meta.dirname of the situation). */
export const beside = (folder: string, name: string): string => readFileSync(`${folder}/${name}`, 'utf8');

export function made(source: Source, cli: CommandLine, finished: Finished): Made {
  const said = (): string => `wpclone clone ended with ${finished.code}:\n${finished.stdout}${finished.stderr}`;
  const clone = (): CloneResult => {
    if (finished.code !== 0) throw new Error(said());
    const result: CloneResult = JSON.parse(finished.stdout);
    return result;
  };
  return {
    source,
    cli,
    finished,
    clone,
    failure: () => {
      const { error }: { error?: ReturnType<Made['failure']> } = JSON.parse(finished.stdout);
      if (error === undefined) throw new Error(said());
      return error;
    },
    get: (path, headers = {}) => ask(new URL(path, `${clone().clone_url}/`).href, headers),
    enter: async () => {
      const cookies = createCookies();
      const { url, answer } = await lookAt(new URL(clone().login_url), async (next) => {
        const page = await ask(next.href, { cookie: cookies.header() });
        cookies.keep([page.headers['set-cookie'] ?? []].flat());
        return page;
      });
      return { ...answer, url: url.href };
    },
  };
}

/** One request without cookies; redirects are not followed. */
export async function ask(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { statusCode, headers: answered, body } = await request(url, { headers });
  return { status: statusCode, headers: answered, body: await body.text() };
}
