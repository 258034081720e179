import { describe, expect, it, vi } from 'vitest';
import { goOn } from '../../../src/agent/work/go-on.ts';
import type { Begin } from '../../../src/agent/work/messages.ts';
import { administratorName } from '../../../src/operations/names.ts';
import type { Operations } from '../../../src/operations/types.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { workContext } from '../../support/work.ts';

const REQUEST = {
  url: 'https://site.example',
  name: 'mine',
  insecureTls: false,
  ttlSeconds: 600,
  media: 'copy',
  excludeTables: [],
  excludePaths: [],
  keepMail: false,
  strict: false,
};

const begin = (kind: Begin['kind'], cutOff?: Begin['cutOff']): Begin => ({
  type: 'begin',
  lease: 'job.2',
  kind,
  clone: 'mine',
  request: REQUEST,
  secrets: {},
  settings: { home: '/nowhere', runtime: 'local', kubernetes: {} },
  ...(cutOff === undefined ? {} : { cutOff }),
});

/** Operations that note what they are asked for; the clone that there is was made in the name of `maker`. Real ones are in the tests of the agent itself. */
function operations(status: 'ready' | 'creating' | undefined, maker = 'job.1') {
  const asked: string[] = [];
  const report = {
    clone_id: 'mine',
    status,
    clone_url: 'http://127.0.0.1:1',
    password: 'canary',
    username: administratorName(maker),
  };
  const note =
    <T>(name: string, answer: () => Promise<T>) =>
    (): Promise<T> => {
      asked.push(name);
      return answer();
    };
  const stand = {
    list: note('list', () => Promise.resolve(status === undefined ? [] : [report])),
    show: note('show', () => Promise.resolve(report)),
    loginLink: note('loginLink', () => Promise.resolve({ login_url: 'http://127.0.0.1:1/?in' })),
    clone: note('clone', () => Promise.resolve({ clone_id: 'mine', password: 'p', login_url: 'l' })),
    delete: note('delete', () => Promise.reject(new WpcloneError('NOT_FOUND', 'No such clone.'))),
    takeBack: note('takeBack', () => Promise.resolve([])),
  };
  return { asked, operations: stand as never as Operations };
}

describe('a job whose last attempt was cut off', () => {
  it('is completed with the clone that became ready, which is not made again', async () => {
    const { asked, operations: real } = operations('ready');
    const outcome = await goOn(begin('clone', { provisioned: true }), real, workContext());
    expect(asked).toEqual(['list', 'show', 'loginLink']);
    expect(outcome.result).toMatchObject({ clone_id: 'mine' });
    expect(JSON.stringify(outcome.result)).not.toContain('canary');
    expect(outcome.secrets).toEqual({ password: 'canary', login_url: 'http://127.0.0.1:1/?in' });
  });

  it('is completed with the clone that became ready also when it was cancelled meanwhile', async () => {
    const { operations: real } = operations('ready');
    const cancelled = AbortSignal.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
    const list: Operations['list'] = async (context) => {
      context.signal.throwIfAborted();
      return real.list(context);
    };
    const outcome = await goOn(begin('clone', { provisioned: true }), { ...real, list }, workContext(cancelled));
    expect(outcome.result).toMatchObject({ clone_id: 'mine' });
  });

  it('takes a clone of its name that another has made for none of its own, such as the one that it was to replace', async () => {
    for (const maker of ['other.1', 'job.3', 'a-command']) {
      const { asked, operations: real } = operations('ready', maker);
      await goOn(begin('clone', { provisioned: true }), real, workContext());
      expect(asked).toEqual(['list', 'takeBack', 'clone']);
    }
  });

  it('takes back what is left also when it was cancelled meanwhile', async () => {
    const { operations: real } = operations('creating');
    const cancelled = AbortSignal.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
    const took = vi.fn<NonNullable<Operations['takeBack']>>((_isOver, { signal }) => {
      signal.throwIfAborted();
      return Promise.resolve([]);
    });
    await goOn(begin('restore', { provisioned: false }), { ...real, takeBack: took }, workContext(cancelled)).catch(
      () => undefined,
    );
    await expect(took.mock.results[0]?.value).resolves.toEqual([]);
  });

  it('takes no clone for its own that was there before it took an instance', async () => {
    const { asked, operations: real } = operations('ready');
    await goOn(begin('clone', { provisioned: false }), real, workContext());
    expect(asked).toEqual(['takeBack', 'clone']);
  });

  it('begins anew after what was left is cleared away', async () => {
    const { asked, operations: real } = operations('creating');
    await goOn(begin('clone', { provisioned: true }), real, workContext());
    expect(asked).toEqual(['list', 'takeBack', 'clone']);
  });

  it('fails with the error that it was failing with, and asks the site nothing more', async () => {
    const { asked, operations: real } = operations(undefined);
    const failing = { code: 'LOGIN_FAILED', message: 'Wrong password.', details: {}, retryable: false };
    const again = goOn(begin('clone', { provisioned: false, failing }), real, workContext());
    await expect(again).rejects.toMatchObject({ code: 'LOGIN_FAILED', message: 'Wrong password.' });
    expect(asked).toEqual(['takeBack']);
  });

  it('has deleted what is not there any more, which the first attempt would not say', async () => {
    const outcome = await goOn(
      begin('delete', { provisioned: false }),
      operations(undefined).operations,
      workContext(),
    );
    expect(outcome.result).toEqual({ clone_id: 'mine', deleted: true });
    await expect(goOn(begin('delete'), operations(undefined).operations, workContext())).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
