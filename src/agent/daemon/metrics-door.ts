import { once } from 'node:events';
import { createServer } from 'node:http';
import { WpcloneError } from '../../shared/errors.ts';
import { codeOf } from '../../shared/system.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** A port that asks for no token and answers with the metrics, whatever is asked. Throws PORT_IN_USE. Returns how to close it. */
export async function openMetricsDoor(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: Metrics,
): Promise<() => void> {
  const server = createServer((_request, response) => {
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(503).end(),
    );
  });
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') throw cause;
    const message = `Another program listens on port ${port} of ${host}.`;
    throw new WpcloneError('PORT_IN_USE', message, { details: { port }, cause });
  }
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
