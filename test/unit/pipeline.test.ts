import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Pipeline, runPipeline } from '../../src/engine/pipeline.ts';
import type { WorkContext } from '../../src/shared/context.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import type { WorkEvent } from '../../src/shared/events.ts';

function contextWith(signal: AbortSignal): { context: WorkContext; events: WorkEvent[] } {
  const events: WorkEvent[] = [];
  let time = 0;
  const context: WorkContext = {
    signal,
    now: () => (time += 500),
    sleep: () => new Promise<void>(() => undefined),
    randomBytes,
    jobId: `job-${randomBytes(9).toString('hex')}`,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    emit: (event) => events.push(event),
  };
  return { context, events };
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));

describe('a pipeline', () => {
  it('takes back what was done, last first, when a later step fails, and throws that failure', async () => {
    const { context, events } = contextWith(new AbortController().signal);
    const taken: string[] = [];
    const failure = new WpcloneError('DISK_FULL', 'full');
    const run = runPipeline(context, async (pipeline) => {
      await pipeline.step('connect', () => Promise.resolve({ value: 1, message: 'ok' }));
      pipeline.onUndo('connect', 'first', () => Promise.resolve(void taken.push('connect')));
      pipeline.onUndo('provision', 'second', () => Promise.resolve(void taken.push('provision')));
      await pipeline.step('database', () => Promise.reject(failure));
    });
    await expect(run).rejects.toBe(failure);
    expect(taken).toEqual(['provision', 'connect']);
    expect(events.map((event) => event.type)).toEqual([
      'step-started',
      'step-finished',
      'step-started',
      'step-failed',
      'undo',
      'undo',
    ]);
  });

  it('cancels the other running steps, waits for them, and reports the first failure rather than its echo', async () => {
    const { context, events } = contextWith(new AbortController().signal);
    const order: string[] = [];
    const run = runPipeline(context, async (pipeline) => {
      pipeline.onUndo('provision', 'undo', () => Promise.resolve(void order.push('undo')));
      await Promise.all([
        pipeline.step('files', ({ signal }) => untilAborted(signal).finally(() => order.push('files ended'))),
        pipeline.step('database', () => Promise.reject(new WpcloneError('TABLE_FAILED', 'broken'))),
      ]);
    });
    await expect(run).rejects.toMatchObject({ code: 'TABLE_FAILED' });
    expect(order).toEqual(['files ended', 'undo']);
    expect(events.filter((event) => event.type === 'step-failed')).toEqual([
      { type: 'step-failed', step: 'database', message: 'broken', code: 'TABLE_FAILED', retryable: false },
      { type: 'step-failed', step: 'files', message: 'stopped' },
    ]);
  });

  it('undoes with a signal of its own when the caller cancelled, and reports CANCELLED', async () => {
    const controller = new AbortController();
    const { context } = contextWith(controller.signal);
    const seen: boolean[] = [];
    const run = runPipeline(context, async (pipeline) => {
      pipeline.onUndo('provision', 'undo', (undo) => Promise.resolve(void seen.push(undo.signal.aborted)));
      const step = pipeline.step('files', ({ signal }) => untilAborted(signal));
      controller.abort();
      await step;
    });
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED', exitCode: 130 });
    expect(seen).toEqual([false]);
  });

  it('goes on taking back when one undo does not come to an end in its time, and gives the next one its own', async () => {
    const { context } = contextWith(new AbortController().signal);
    const timers: (() => void)[] = [];
    const sleep = () => new Promise<void>((resolve) => timers.push(resolve));
    const taken: boolean[] = [];
    const run = runPipeline({ ...context, sleep }, (pipeline) => {
      pipeline.onUndo('provision', 'works', ({ signal }) => Promise.resolve(void taken.push(signal.aborted)));
      pipeline.onUndo('connect', 'hangs', () => {
        setImmediate(() => timers[0]?.());
        return new Promise(() => undefined);
      });
      return pipeline.step('verify', () => Promise.reject(new WpcloneError('VERIFY_FAILED', 'no front page')));
    });
    await expect(run).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    expect(taken).toEqual([false]);
  });

  it('does not end, and takes nothing back, before what goes on beside it has ended, which nobody fails with', async () => {
    const { context } = contextWith(new AbortController().signal);
    const order: string[] = [];
    const beside = async (pipeline: Pipeline): Promise<void> => {
      pipeline.onUndo('connect', 'undo', () => Promise.resolve(void order.push('undo')));
      const soon = new Promise((resolve) => setTimeout(resolve, 5));
      pipeline.alongside(soon.then(() => Promise.reject(new Error(`${order.push('beside')}`))));
      await pipeline.step('connect', () => Promise.resolve({ value: 1, message: 'ok' }));
    };
    await runPipeline(context, beside).then(() => order.push('end'));
    expect(order).toEqual(['beside', 'end']);
    const failing = runPipeline(context, async (pipeline) => {
      await beside(pipeline);
      await pipeline.step('files', () => Promise.reject(new WpcloneError('DISK_FULL', 'full')));
    });
    await expect(failing).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(order).toEqual(['beside', 'end', 'beside', 'undo']);
  });

  it('goes on taking back when one undo fails', async () => {
    const { context } = contextWith(new AbortController().signal);
    const taken: string[] = [];
    const run = runPipeline(context, (pipeline) => {
      pipeline.onUndo('connect', 'works', () => Promise.resolve(void taken.push('connect')));
      pipeline.onUndo('provision', 'fails', () => Promise.reject(new Error('no')));
      return pipeline.step('verify', () => Promise.reject(new WpcloneError('VERIFY_FAILED', 'no front page')));
    });
    await expect(run).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    expect(taken).toEqual(['connect']);
  });
});
