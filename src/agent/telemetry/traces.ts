import { withTimeout } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { JobStore } from '../jobs/store.ts';

/** Milliseconds for what is not sent yet when the agent ends. */
const FAREWELL = 5_000;

export interface Traces {
  /** The same store, whose jobs are told of as spans. */
  readonly watch: (store: JobStore) => JobStore;
  /** Sends the rest. */
  close(): Promise<void>;
}

/**
 * Sends spans over OTLP (HTTP, JSON) to `endpoint`, below which `/v1/traces` is. What the library takes from the environment besides
 * (OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES and the like) holds. It is only loaded here: it takes time and memory. Throws
 * BAD_INPUT.
 */
export async function openTraces(
  endpoint: string,
  version: string,
  context: Pick<WorkContext, 'now' | 'sleep' | 'signal' | 'log'>,
): Promise<Traces> {
  const base = URL.parse(endpoint);
  if (base === null || !/^https?:$/.test(base.protocol))
    // It is not repeated: there may be a password in it.
    throw new WpcloneError('BAD_INPUT', 'The address that traces are to be sent to is no http address.');
  const [{ diag, DiagLogLevel }, sdk, { OTLPTraceExporter }, resources, { tracedStore }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('./spans.ts'),
  ]);
  const warn = (message: string): void => context.log.warn('traces are not sent', { reason: reasonIn(message) });
  const ignore = (): void => undefined;
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  const own = { 'service.name': 'wpclone-agent', 'service.version': version };
  const said = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes(own).merge(said),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
      }),
    ],
  });
  const tracer = provider.getTracer('wpclone', version);
  return {
    watch: (store) => tracedStore(store, tracer, context.now),
    async close() {
      const late = new WpcloneError('UNREACHABLE', 'Nobody takes the last traces.');
      const unstoppable = { ...context, signal: new AbortController().signal };
      await withTimeout(FAREWELL, unstoppable, late, () => provider.shutdown()).catch((error: unknown) =>
        warn(String(error)),
      );
    },
  };
}

/** The library tells of an error with its stack, as JSON. */
const reasonIn = (text: string): string => /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
