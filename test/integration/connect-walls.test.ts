import { describe, expect, test } from 'vitest';
import { connectSource } from '../../src/site/connect/connect.ts';
import { asAdmin, connectDeps } from '../support/connecting.ts';
import { collectRows, never, readOf, testClient } from '../support/migrator.ts';
import type { Source } from '../support/source/index.ts';
import { sourcesOfFile } from '../support/source-test.ts';
import type { Seen, Wall, WallAnswer, WallRules } from '../support/wall.ts';
import { failureOf } from '../support/work.ts';

const { start, behind: put } = sourcesOfFile();
const behind = async (rules: WallRules): Promise<{ source: Source; wall: Wall }> => {
  const source = await start();
  return { source, wall: await put(source, rules) };
};

/** Connects, reads the posts as a transfer does, and connects again with the key; resolves to the names that the wall saw. */
async function useAll(source: Source, wall: Wall): Promise<Set<string | undefined>> {
  const deps = connectDeps();
  const { access, info } = await connectSource(asAdmin(source, { url: wall.url }), deps);
  const client = testClient(access);
  const rows = await collectRows(client.rows(info.tables.filter(({ name }) => name === 'wp_posts').map(readOf), never));
  await client.close();
  expect(rows.get('wp_posts')?.length).toBeGreaterThan(0);
  const again = await connectSource({ url: wall.url, insecureTls: false, known: access }, connectDeps());
  expect(again.way).toBe('known-key');
  expect(deps.events.filter(({ type }) => type === 'retry')).toEqual([]);
  return new Set(wall.seen.filter(({ url }) => url !== '/favicon.ico').map(({ headers }) => headers['user-agent']));
}

const BROWSER = /^Mozilla\/5\.0 \([^)]+\) AppleWebKit\/[\d.]+ \(KHTML, like Gecko\) Chrome\/[\d.]+ Safari\/[\d.]+$/;
const SCRIPT =
  '<!doctype html><title>Just a moment...</title><script>document.cookie = "pass=let-me-in; path=/"; setTimeout(() => location.reload(), 50);</script>';

/** A cache that keeps what was answered to a post, by its address, and says so as caches do. */
function cache(): WallRules {
  const kept = new Map<string, WallAnswer>();
  const isOurs = ({ method, body }: Seen): boolean => method === 'POST' && body.includes('wpclone=');
  return {
    judge: (seen) => (isOurs(seen) ? kept.get(seen.url) : undefined),
    change: (answer, seen) => {
      const { status, headers, body } = answer;
      if (isOurs(seen)) kept.set(seen.url, { status, headers: { ...headers, age: '7' }, body });
      return answer;
    },
  };
}

test('a cache that keeps answers to what is posted is gone around by addresses that it cannot know', async () => {
  const { source, wall } = await behind(cache());
  await useAll(source, wall);
  const asked = wall.seen.filter(({ method, body }) => method === 'POST' && body.includes('wpclone='));
  expect(new Set(asked.map(({ url }) => url)).size).toBeGreaterThan(2);
  const { access } = await connectSource(asAdmin(source, { url: wall.url }), connectDeps());
  const client = testClient(access);
  const table = { name: 'wp_options', columns: ['option_id', 'option_name'], key: ['option_id'] };
  const rows = () => collectRows(client.rows([table], never));
  const [one, , two] = await Promise.all([rows(), client.info(never), rows()]);
  await client.close();
  expect(one.get('wp_options')?.length).toBeGreaterThan(50);
  expect(two).toEqual(one);
});

test('a cache that keeps them whatever is asked for is told of', async () => {
  const page = { status: 200, headers: { 'content-type': 'text/html', 'x-cache': 'HIT' }, body: '<html>Home</html>' };
  const { source, wall } = await behind({ judge: ({ body }) => (body.includes('wpclone=') ? page : undefined) });
  const error = await failureOf(connectSource(asAdmin(source, { url: wall.url }), connectDeps()));
  expect(error).toMatchObject({
    code: 'MIGRATOR_MISSING',
    message: expect.stringContaining('a cache before it answers what is posted') as unknown,
  });
  expect(error.nextSteps[0]).toContain('keep no answers to POST requests');
});

describe('a wall', () => {
  test('that lets only browsers in by their name sees one, the same in all requests', async () => {
    const { source, wall } = await behind({
      judge: ({ headers }) => (BROWSER.test(headers['user-agent'] ?? '') ? undefined : { status: 403, body: 'No.' }),
    });
    expect((await useAll(source, wall)).size).toBe(1);
  });

  test.each([
    ['503', SCRIPT],
    ['200', SCRIPT.replace('Just a moment...', 'Shop')],
    ['403', SCRIPT],
  ])(
    'that wants a script to run first (%s) gets a browser at once, and its cookie in all requests',
    async (status, body) => {
      const { source, wall } = await behind({
        judge: ({ headers }) =>
          headers.cookie?.includes('pass=let-me-in')
            ? undefined
            : { status: Number(status), headers: { 'content-type': 'text/html', 'retry-after': '3600' }, body },
      });
      expect((await useAll(source, wall)).size).toBe(1);
    },
  );

  test('that guards only what is posted gets past with a browser too', async () => {
    const { source, wall } = await behind({
      judge: ({ method, headers, body }) =>
        method === 'POST' && body.includes('wpclone=') && !headers.cookie?.includes('pass=let-me-in')
          ? { status: 403, body: 'Forbidden' }
          : undefined,
      change: (answer, { method, url }) =>
        method === 'GET' && url === '/'
          ? { ...answer, headers: { ...answer.headers, 'set-cookie': ['pass=let-me-in'] } }
          : answer,
    });
    await useAll(source, wall);
    expect(wall.seen.length).toBeGreaterThan(0);
  });

  test('that leads whoever comes without its cookie in a circle is shown it, in all requests', async () => {
    const { source, wall } = await behind({
      judge: ({ url, headers }) =>
        headers.cookie?.includes('seen=yes')
          ? undefined
          : { status: 302, headers: { location: url, 'set-cookie': ['seen=yes; path=/'] }, body: '' },
    });
    await useAll(source, wall);
    const last = wall.seen.at(-1);
    expect(last?.headers.cookie).toContain('seen=yes');
  });

  test('that lets nobody in is named soon', async () => {
    const { source, wall } = await behind({ judge: () => ({ status: 403, body: 'Forbidden' }) });
    const error = await failureOf(connectSource(asAdmin(source, { url: wall.url }), connectDeps()));
    expect(error.code).toBe('SOURCE_BLOCKED');
    expect(wall.seen.length).toBeLessThan(6);
  });

  test('that no browser of this machine can meet says that one is missing', async () => {
    const { source, wall } = await behind({
      judge: () => ({ status: 503, headers: { 'content-type': 'text/html' }, body: SCRIPT }),
    });
    const deps = connectDeps({ environment: { PATH: '' } });
    const error = await failureOf(connectSource(asAdmin(source, { url: wall.url }), deps));
    expect(error.code).toBe('BROWSER_MISSING');
  });
});

describe('a web server with a password of its own', () => {
  const basicAuth = { user: 'staging', password: 'pass:word-ü' };
  const httpAuth = { username: basicAuth.user, password: basicAuth.password };

  test('lets us in with it, the transfer too', async () => {
    const source = await start({ basicAuth });
    const { access, info } = await connectSource(asAdmin(source, { httpAuth }), connectDeps());
    expect(info.home).toBe(source.url);
    const client = testClient(access);
    await expect(client.info(never)).resolves.toMatchObject({ home: source.url });
    await client.close();
  });

  test('lets a browser in with it', async () => {
    const source = await start({ basicAuth, scriptedLogin: 'built' });
    const connection = await connectSource(asAdmin(source, { httpAuth }), connectDeps());
    expect(connection.way).toBe('browser');
  });

  test('is told of when it is not given, or wrong', async () => {
    const source = await start({ basicAuth });
    const without = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(without.code).toBe('HTTP_AUTH_REQUIRED');
    expect(without.nextSteps.join()).toContain('--http-auth USER');
    const wrong = { ...httpAuth, password: 'not-it' };
    const error = await failureOf(connectSource(asAdmin(source, { httpAuth: wrong }), connectDeps()));
    expect(error.code).toBe('HTTP_AUTH_REQUIRED');
    expect(error.message).toContain('refuses the name and password');
    expect(error.message).not.toContain('not-it');
  });

  test('hears it only when it asks', async () => {
    const { source, wall } = await behind({});
    await connectSource(
      asAdmin(source, { url: wall.url, httpAuth }),
      connectDeps({
        openClient: () => ({ info: () => Promise.reject(new Error('enough')), disconnect: () => Promise.resolve() }),
      }),
    ).catch(() => undefined);
    expect(wall.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });
});
