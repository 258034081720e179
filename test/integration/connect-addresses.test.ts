import { expect, test } from 'vitest';
import { connectSource } from '../../src/site/connect/connect.ts';
import { asAdmin, connectDeps, listen, traces } from '../support/connecting.ts';
import { startSource } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

test('a site that was asked for by another name than its own says which that is, and needs no browser to find out', async () => {
  const source = await startSource();
  try {
    const url = source.url.replace('127.0.0.1', 'localhost');
    const error = await failureOf(connectSource(asAdmin(source, { url }), connectDeps({ environment: {} })));
    expect(error.code).toBe('REDIRECTED_ELSEWHERE');
    expect(error.nextSteps).toEqual([`If that is the right site, clone ${source.url} instead.`]);
    expect(await traces(source)).toEqual([]);
  } finally {
    await source.stop();
  }
});

test('a clone is refused as a source before a password is asked for', async () => {
  const clone = await listen((_, response) =>
    response.setHeader('X-Wpclone-Instance', 'shop-k3f').end('<p>A copy.</p>'),
  );
  const password = () => Promise.reject(new Error('asked for'));
  const request = { url: clone.url(), username: 'admin', password, insecureTls: false };
  try {
    expect((await failureOf(connectSource(request, connectDeps()))).code).toBe('SOURCE_IS_CLONE');
  } finally {
    await clone.close();
  }
});
