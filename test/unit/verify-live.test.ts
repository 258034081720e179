import { expect, test } from 'vitest';
import { runPipeline } from '../../src/engine/pipeline.ts';
import { lookAtLive, verifyLive, type LiveSite } from '../../src/engine/verify-live.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import { listen } from '../support/connecting.ts';
import { workContext } from '../support/work.ts';

test('of the pages that answer otherwise after a restore those of new things are not told of', async () => {
  let written = false;
  const site = await listen((asked, response) => {
    const missing = asked.url === '/?p=8' ? written : asked.url === '/?p=7' && !written;
    response.statusCode = missing ? 404 : 200;
    response.setHeader('Content-Type', 'text/html').end('<html><body>A page.</body></html>');
  });
  try {
    const url = site.url().replace(/\/$/, '');
    const live: LiveSite = {
      access: { url, endpoint: url, keyId: 'k', secret: 's', insecureTls: false },
      info: { home: url, siteurl: url },
    };
    const work = workContext();
    const before = await lookAtLive(live, ['page:7', 'page:8', 'option:blogname'], work);
    written = true;
    const client = { errors: () => Promise.resolve({ errors: [] }) } as unknown as WriteClient;
    const told = runPipeline(work, (pipeline) => verifyLive({ ...live, before, client, isGated: false }, pipeline));
    expect(await told).toEqual(['Page:8 answered 200 before and answers 404 now.']);
  } finally {
    await site.close();
  }
});
