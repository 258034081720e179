import { open } from 'node:fs/promises';
import { request } from 'undici';
import { writeWhole } from '../shared/whole-file.ts';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { codeOf } from '../shared/system.ts';
import { untilAnswering } from './until-answering.ts';

/** The web container, which shares no processes with this one: it is spoken to through two pipes (see the image's entrypoint.sh). */
export interface WebContainer {
  /** Ends PHP and all that it started. */
  stopPhp(): Promise<void>;
  /** Resolves when PHP answers. */
  startPhp(): Promise<void>;
  /** Makes it answer at this port of its own loopback too, and at no earlier one; also after it was started again. */
  listen(port: number | undefined): Promise<void>;
  /** Ends all that runs in it, and with it the container: the kubelet starts a new one. */
  end(): Promise<void>;
  /** What runs in it, and what lies where only it can write; a line each. */
  report(): Promise<string>;
  /** Throws SERVER_FAILED when nginx or PHP does not answer. */
  check(): Promise<void>;
}

/** Milliseconds: PHP gets five seconds for the requests it is serving. */
const ANSWER_LIMIT = 15_000;

/** `folder` holds the two pipes; `webUrl` is where nginx listens. */
export function createWebContainer(
  folder: string,
  webUrl: string,
  work: Pick<WorkContext, 'now' | 'sleep'>,
): WebContainer {
  const failed = (message: string, cause?: unknown) =>
    new WpcloneError('SERVER_FAILED', message, { cause, retryable: true, details: { log: 'wpclone logs' } });

  async function say(command: 'stop' | 'start' | 'listen' | 'end' | 'report'): Promise<string> {
    // Both ways and not blocking: a web container that is not there must not hang this one.
    const flags = 0o2 | 0o4000;
    const [out, back] = await Promise.all([open(`${folder}/web.in`, flags), open(`${folder}/web.out`, flags)]);
    try {
      await drain(back);
      await out.write(`${command}\n`);
      const until = work.now() + ANSWER_LIMIT;
      let heard = '';
      for (; !heard.includes(`${command} done`); heard += await drain(back)) {
        if (work.now() > until) throw failed(`The web container did not do what it was told: ${command}.`);
        await work.sleep(20);
      }
      return heard;
    } finally {
      await Promise.all([out.close(), back.close()]);
    }
  }

  async function check(): Promise<void> {
    try {
      const answer = await request(`${webUrl}/-/wpclone/php-health`, { headersTimeout: 2000 });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw failed(`The web server answers ${answer.statusCode}.`);
    } catch (error) {
      throw error instanceof WpcloneError ? error : failed('The web server does not answer yet.', error);
    }
  }

  return {
    check,
    async listen(port) {
      await writeWhole(`${folder}/web.port`, port === undefined ? '' : String(port));
      await say('listen');
    },
    async stopPhp() {
      await say('stop');
    },
    async end() {
      await say('end');
    },
    report: () => say('report'),
    async startPhp() {
      await say('start');
      await untilAnswering(check, ANSWER_LIMIT, work);
    },
  };
}

async function drain(pipe: Awaited<ReturnType<typeof open>>): Promise<string> {
  const buffer = Buffer.alloc(65_536);
  try {
    const { bytesRead } = await pipe.read(buffer, 0, buffer.length, null);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return '';
    throw error;
  }
}
