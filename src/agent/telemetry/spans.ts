import {
  type Attributes,
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Clock } from '../../shared/context.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Job, JobEvent } from '../jobs/types.ts';

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What is under way of one job: its attempt, and the steps that it is at. */
interface Running {
  readonly span: Span;
  readonly context: Context;
  readonly steps: Map<string, Span>;
}

/**
 * The same store, which tells of each attempt of a job as a span, in the trace of the request where that named one, and of each step as one
 * below it. Names, addresses and messages are the site's or its owner's and stay here: spans have ids, kinds and codes.
 */
export function tracedStore(store: JobStore, tracer: Tracer, now: Clock): JobStore {
  const running = new Map<string, Running>();
  const began = (job: Job): void => {
    // One that was lost has no end that anybody saw.
    finish(running.get(job.id), undefined, now());
    const attributes = { 'wpclone.job.id': job.id, 'wpclone.job.kind': job.kind, 'wpclone.job.attempt': job.attempt };
    const options = { kind: SpanKind.CONSUMER, attributes, startTime: now() };
    const span = tracer.startSpan(`wpclone ${job.kind}`, options, parentOf(job.traceparent));
    running.set(job.id, { span, context: trace.setSpan(ROOT_CONTEXT, span), steps: new Map() });
  };
  const ended = (job: Job): Job => {
    finish(running.get(job.id), job.state === 'completed' ? undefined : job.error?.code, now());
    running.delete(job.id);
    return job;
  };
  return {
    ...store,
    async claim(owner, limits) {
      const claimed = await store.claim(owner, limits);
      if (claimed !== undefined) began(claimed.job);
      return claimed;
    },
    async append(attempt, event, progress) {
      const sequence = await store.append(attempt, event, progress);
      const known = running.get(attempt.id);
      if (known !== undefined) follow(known, event, tracer, now());
      return sequence;
    },
    complete: (attempt, result, secrets) => store.complete(attempt, result, secrets).then(ended),
    fail: (attempt, error) => store.fail(attempt, error).then(ended),
    retryAt: (attempt, error, notBefore) => store.retryAt(attempt, error, notBefore).then(ended),
    release: (attempt) => store.release(attempt).then(ended),
  };
}

function parentOf(traceparent: string | null): Context {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

function follow({ context, steps }: Running, event: JobEvent, tracer: Tracer, at: number): void {
  if (event.type === 'step-started') {
    end(steps.get(event.step), undefined, at);
    steps.set(event.step, tracer.startSpan(event.step, { startTime: at }, context));
  } else if (event.type === 'step-finished' || event.type === 'step-failed') {
    end(steps.get(event.step), event.type === 'step-failed' ? (event.code ?? 'STOPPED') : undefined, at);
    steps.delete(event.step);
  } else if (event.type === 'retry') steps.get(event.step)?.addEvent('retry', {}, at);
}

function finish(known: Running | undefined, code: string | undefined, at: number): void {
  for (const step of known?.steps.values() ?? []) end(step, 'STOPPED', at);
  end(known?.span, code, at);
}

function end(span: Span | undefined, code: string | undefined, at: number): void {
  const failed: Attributes = code === undefined ? {} : { 'error.type': code };
  span?.setAttributes(failed);
  if (code !== undefined) span?.setStatus({ code: SpanStatusCode.ERROR });
  span?.end(at);
}
