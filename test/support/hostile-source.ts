import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { STREAM_MAGIC } from '../../src/site/protocol.ts';
import { listen } from './connecting.ts';
import { testClient, type TestClient } from './migrator.ts';

export interface HostileSource {
  readonly client: TestClient;
  /** Bytes that were sent. */
  sent(): number;
}

/**
 * A source that answers the plugin's protocol as it likes: each request gets these frames, one after the other, for as long as
 * somebody takes them. Ends with the test.
 */
export async function hostileSource(frames: () => Iterable<Buffer>): Promise<HostileSource> {
  let sent = 0;
  const site = await listen((_, response) => {
    const send = async (): Promise<void> => {
      response.write(STREAM_MAGIC);
      for (const frame of frames()) {
        if (response.destroyed) return;
        sent += frame.length;
        if (!response.write(frame)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
      response.end();
    };
    send().catch(() => response.destroy());
  });
  const access = { keyId: '0123456789abcdef', secret: 'x', insecureTls: false };
  const client = testClient({ url: site.url(), endpoint: `${site.url()}/`, ...access });
  onTestFinished(async () => {
    await client.close();
    await site.close();
  });
  return { client, sent: () => sent };
}
