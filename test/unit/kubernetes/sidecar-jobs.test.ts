import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { INSTANCE_PROTOCOL } from '../../../src/instance/declared.ts';
import type { ConfigureTask, InstanceContext, VerifyTask } from '../../../src/instance/types.ts';
import type { Cluster, ClusterAnswer } from '../../../src/runtime/kubernetes/api/client.ts';
import { createSidecarOperations } from '../../../src/runtime/kubernetes/sidecar/client.ts';
import type { Lineage, SidecarClientDeps } from '../../../src/runtime/kubernetes/sidecar/calls.ts';
import { runJob } from '../../../src/runtime/kubernetes/sidecar/jobs.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { PROTOCOL_HEADER } from '../../../src/sidecar/protocol.ts';

const MINUTE = 60_000;
const away = () => new WpcloneError('CLUSTER_UNREACHABLE', 'away', { retryable: true });

interface Line {
  readonly after: number;
  readonly line: string;
}

/**
 * Stands for an API server that has the pod and answers each call to its sidecar with the next of `streams`: lines, or nothing at
 * all. Real outages are in test/cluster; the hours between two of them cannot be waited for.
 */
function watching(
  streams: (readonly Line[] | 'away')[],
  protocol = '1',
  status: () => object = () => ({ phase: 'Running' }),
) {
  let time = 0;
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  /** Once nobody has anything to do any more, it is as late as the first one who sleeps waits for. */
  const pass = () => {
    const [next] = [...sleepers].sort((one, other) => one.until - other.until);
    if (next === undefined) return;
    time = Math.max(time, next.until);
    sleepers.delete(next);
    next.wake();
  };
  const sleep = (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const sleeper = { until: time + milliseconds, wake: resolve };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        sleepers.delete(sleeper);
        reject(new Error('aborted'));
      });
      setImmediate(pass);
    });
  const calls: string[] = [];
  const paths: string[] = [];
  async function* said(lines: readonly Line[]) {
    for (const { after, line } of lines) {
      time += after;
      yield Buffer.from(`${line}\n`);
    }
  }
  const open = async ({ method, path }: { method: string; path: string }): Promise<ClusterAnswer> => {
    const stream = streams.shift() ?? 'away';
    calls.push(method);
    if (stream === 'away') throw away();
    paths.push(path);
    const body = Object.assign(said(stream), { destroy: () => undefined });
    return { status: 200, headers: { [PROTOCOL_HEADER]: protocol }, body: body as unknown as ClusterAnswer['body'] };
  };
  const cluster = {
    namespace: 'staging',
    open,
    send: async () => ({ metadata: { uid: 'u' }, status: status() }),
    hasAnswered: () => true,
    renew: () => undefined,
    read: ({ body }: ClusterAnswer) => text(body),
    clockOffset: () => 0,
  } as unknown as Cluster;
  const deps: SidecarClientDeps = {
    cluster,
    direct: false,
    name: 'site',
    address: async () => ({ pod: 'unit-site', uid: 'u', podIp: undefined, token: 't', epoch: 1 }),
    work: {
      now: () => time,
      sleep,
      randomBytes: (size) => Buffer.alloc(size, 1),
    },
  };
  const retries: string[] = [];
  const context: InstanceContext = {
    signal: new AbortController().signal,
    progress: () => undefined,
    retry: (message) => void retries.push(message),
  };
  return {
    calls,
    paths,
    retries,
    seconds: () => time / 1000,
    run: (lineage?: Lineage) =>
      runJob(lineage === undefined ? deps : { ...deps, lineage }, 'reset', undefined, context),
    ask: createSidecarOperations(deps),
    context,
  };
}

const alive = (after: number) => ({ after, line: '{"type":"alive"}' });
const done = { after: 0, line: '{"type":"result","value":"done"}' };

describe('a job that is watched', () => {
  test('outlives a cut connection however long it has been running', async () => {
    const hours = [alive(200 * MINUTE)];
    const { calls, retries, run } = watching([hours, 'away', 'away', hours, 'away', [done]]);
    expect(await run()).toBe('done');
    // Begun once, and then only watched again.
    expect(calls).toEqual(['POST', 'GET', 'GET', 'GET', 'GET', 'GET']);
    expect(retries).toHaveLength(5);
  });

  test('is given up when nobody answers for a minute and a half after it was last heard of', async () => {
    const { run, seconds } = watching([[alive(10 * MINUTE)]]);
    await expect(run()).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
    expect(seconds()).toBeGreaterThan(10 * 60 + 80);
    expect(seconds()).toBeLessThan(10 * 60 + 92);
  });
});

describe('a job that an earlier attempt began', () => {
  const goesOn: Lineage = { prefix: 'ours-', goesOn: true };
  const said = (line: object) => [{ after: 0, line: JSON.stringify(line) }];
  const status = (...jobs: object[]) => said({ version: '1', epoch: 1, jobs });
  const last = (paths: readonly string[]) => paths.map((path) => path.split('/proxy/v1/')[1]);

  test('is watched, also when it has ended; those of others are none of ours', async () => {
    const others = { id: 'theirs-1', kind: 'reset', running: false };
    const { run, calls, paths } = watching([status(others, { ...others, id: 'ours-1' }), [done]]);
    expect(await run(goesOn)).toBe('done');
    expect([calls, last(paths)]).toEqual([
      ['GET', 'GET'],
      ['status', 'jobs/ours-1'],
    ]);
  });

  test('is begun again when it was stopped because nobody watched it for too long', async () => {
    const stopped = { type: 'error', error: { code: 'CANCELLED', message: 'Nobody.', details: {}, retryable: false } };
    const job = { id: 'ours-1', kind: 'reset', running: false };
    const { run, paths } = watching([status(job), said(stopped), [done]]);
    expect(await run(goesOn)).toBe('done');
    expect(last(paths)).toEqual(['status', 'jobs/ours-1', 'jobs']);
  });

  test('and is in the way of what must be done anew is stopped first', async () => {
    const { run, paths } = watching([status({ id: 'ours-1', kind: 'verify', running: true }), [], [done]]);
    expect(await run(goesOn)).toBe('done');
    expect(last(paths)).toEqual(['status', 'jobs/ours-1/cancel', 'jobs']);
  });
});

describe('a call to an instance that does not answer', () => {
  const conditions = [
    { type: 'ContainersReady', status: 'True' },
    { type: 'Ready', status: 'False' },
  ];
  const link = [{ after: 0, line: '{"url":"http://site.example/?login"}' }];

  test('ends as soon as the cluster says that its node does not either', async () => {
    let looks = 0;
    const status = () => ({ phase: 'Running', conditions: (looks += 1) > 3 ? conditions : [] });
    const { ask, context, seconds } = watching([], '1', status);
    await expect(ask.createLoginLink(context.signal)).rejects.toMatchObject({
      code: 'INSTANCE_LOST',
      message: expect.stringContaining('its node does not answer'),
    });
    expect(seconds()).toBeLessThan(5);
  });

  test('is made again while its pod runs, or starts in the last word of a kubelet that is late', async () => {
    for (const phase of ['Running', 'Pending']) {
      const { ask, context } = watching(['away', 'away', link], String(INSTANCE_PROTOCOL), () => ({ phase }));
      expect(await ask.createLoginLink(context.signal)).toBe('http://site.example/?login');
    }
  });
});

describe('an instance of another version', () => {
  test('that is older resets its clone, but is not asked to copy a site: its image is to be built anew', async () => {
    const old = watching([[{ after: 0, line: '{"type":"result","value":null}' }], [alive(0)]]);
    expect(await old.ask.reset(undefined, old.context)).toBeUndefined();
    const copying = old.ask.configure({} as ConfigureTask, old.context);
    await expect(copying).rejects.toMatchObject({
      code: 'PROTOCOL_MISMATCH',
      message: expect.stringContaining("the image of the clone's pod is too old"),
    });
  });

  test('that answers what makes no sense is not believed', async () => {
    const odd = watching(
      [[{ after: 0, line: '{"type":"result","value":{"findings":"all"}}' }]],
      String(INSTANCE_PROTOCOL),
    );
    await expect(odd.ask.verify({} as VerifyTask, odd.context)).rejects.toThrow(/makes no sense/);
  });
});
