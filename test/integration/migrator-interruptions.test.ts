import { hash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import type { SiteClientDeps } from '../../src/site/client.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import type { FileRequest, TableRead } from '../../src/site/client-types.ts';
import { startFaultyProxy, type Fault, type FaultyProxy } from '../support/faulty-proxy.ts';
import {
  collectFiles,
  collectRows,
  installMigrator,
  never,
  readOf,
  testClient,
  type TestClient,
} from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let access: SourceAccess;
let info: SiteInfo;
let bodies: Map<string, string>;
let whole: Map<string, Buffer>;

beforeAll(async () => {
  source = await startSource();
  await source.query('CREATE TABLE wp_big (g INT, id INT, t LONGTEXT, PRIMARY KEY (g, id))');
  await source.query(
    "INSERT INTO wp_big SELECT seq % 5, seq, REPEAT(CONCAT('row ', seq, '\\n'), 30) FROM seq_1_to_40000",
  );
  await source.query('CREATE TABLE wp_giant (id INT PRIMARY KEY, t LONGTEXT)');
  await source.query("INSERT INTO wp_giant VALUES (1, 'a'), (2, REPEAT('0123456789\\n', 2000000)), (3, 'b')");
  await source.query('CREATE TABLE wp_nokey (t TEXT)');
  await source.query("INSERT INTO wp_nokey SELECT REPEAT(CONCAT('x', seq), 100) FROM seq_1_to_20000");
  const folder = join(source.content, 'uploads/transfer');
  mkdirSync(folder, { recursive: true });
  bodies = new Map();
  for (let at = 0; at < 60; at += 1) {
    const body = randomBytes(at % 20 === 0 ? 3_000_000 : at * 1000);
    writeFileSync(join(folder, `f${at}.bin`), body);
    bodies.set(`wp-content/uploads/transfer/f${at}.bin`, hash('sha256', body, 'hex'));
  }
  access = await installMigrator(source);
  const client = testClient(access);
  info = await client.info(never);
  whole = await collectRows(client.rows(tables('wp_big', 'wp_giant', 'wp_nokey'), never));
  await client.close();
});
afterAll(() => source.stop());

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

const tables = (...names: string[]): TableRead[] =>
  names.map((name) => {
    const table = info.tables.find((each) => each.name === name);
    if (!table) throw new Error(`no ${name}`);
    return readOf(table);
  });

const requests = (): FileRequest[] => [...bodies.keys()].map((path) => ({ root: 'core', path, size: 0 }));

/** A client whose connections go through a network that does what `faultOf` says. */
async function through(
  faultOf: (connection: number) => Fault | undefined,
  deps: Partial<SiteClientDeps> = {},
): Promise<{ client: TestClient; proxy: FaultyProxy; retries: string[]; waits: number[] }> {
  const proxy = await startFaultyProxy(source.port, faultOf);
  cleanUp.push(() => proxy.stop());
  const retries: string[] = [];
  const waits: number[] = [];
  const retry = (message: string, seconds: number): void => {
    retries.push(message);
    waits.push(seconds);
  };
  const client = testClient({ ...access, endpoint: `http://127.0.0.1:${proxy.port}/` }, { retry, ...deps });
  cleanUp.push(client.close);
  return { client, proxy, retries, waits };
}

const page = (status: string, headers: string, body: string): Fault => ({
  reply: `HTTP/1.1 ${status}\r\nContent-Type: text/html\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
});

describe('a table arrives whole, once and in order', () => {
  it.each([
    ['when connections are reset', (): Fault => ({ cutAfter: 2_500_000 })],
    ['when answers end early', (): Fault => ({ endAfter: 2_500_000 })],
    ['when bytes are damaged', (): Fault => ({ damageAt: 2_600_000 })],
  ])('%s again and again', async (_name, fault) => {
    const { client, retries } = await through(fault);
    const rows = await collectRows(client.rows(tables('wp_big'), never));
    expect(rows.get('wp_big')?.equals(whole.get('wp_big') ?? Buffer.alloc(0))).toBe(true);
    // Then the answers have become so short that nothing happens to them.
    expect(retries.length).toBeGreaterThan(1);
  });

  it('when the cut is inside a row in pieces', async () => {
    const { client, retries } = await through((connection) =>
      connection < 3 ? { cutAfter: 5_000_000 * (connection + 1) } : undefined,
    );
    const rows = await collectRows(client.rows(tables('wp_giant'), never));
    expect(rows.get('wp_giant')?.equals(whole.get('wp_giant') ?? Buffer.alloc(0))).toBe(true);
    // What came of it is not sent again: the third answer is not as long as its cut.
    expect(retries).toHaveLength(2);
  });

  it('not with the old beginning and the new end of a row in pieces that changed in between', async () => {
    const { client } = await through((connection) => (connection === 0 ? { cutAfter: 8_000_000 } : undefined));
    const blocks = client.rows(tables('wp_giant'), never);
    let changed = false;
    const read = async (): Promise<void> => {
      for await (const block of blocks) {
        if (!block.partial || changed) continue;
        changed = true;
        await source.query("UPDATE wp_giant SET t = REPEAT('9876543210\\n', 2000000) WHERE id = 2");
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'SOURCE_CHANGED', details: { table: 'wp_giant' } });
    await source.query("UPDATE wp_giant SET t = REPEAT('0123456789\\n', 2000000) WHERE id = 2");
  });

  it('when the web server is killed in the middle and comes back', async () => {
    const { client, retries } = await through(() => undefined);
    const parts: Buffer[] = [];
    for await (const block of client.rows(tables('wp_big'), never)) {
      parts.push(Buffer.from(block.data));
      if (parts.length === 3) {
        await source.killWeb();
        void source.restart();
      }
    }
    expect(Buffer.concat(parts).equals(whole.get('wp_big') ?? Buffer.alloc(0))).toBe(true);
    expect(retries.length).toBeGreaterThan(0);
  });

  it('when the database server is restarted in the middle', async () => {
    const { client } = await through(() => undefined);
    const parts: Buffer[] = [];
    for await (const block of client.rows(tables('wp_big'), never)) {
      parts.push(Buffer.from(block.data));
      if (parts.length === 3) await source.mariadb.restart();
    }
    expect(Buffer.concat(parts).equals(whole.get('wp_big') ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('a table without a key', () => {
  const oneCut = (connection: number): Fault | undefined => (connection === 0 ? { cutAfter: 1_500_000 } : undefined);

  it('goes on behind a cut, once and in order', async () => {
    const { client } = await through(oneCut);
    const rows = await collectRows(client.rows(tables('wp_nokey'), never));
    expect(rows.get('wp_nokey')?.equals(whole.get('wp_nokey') ?? Buffer.alloc(0))).toBe(true);
  });

  it('is given up when it changed in between, so that the reader can empty it and ask again', async () => {
    const { client } = await through(oneCut);
    const blocks = client.rows(tables('wp_nokey'), never);
    const read = async (): Promise<void> => {
      let change: Promise<unknown> | undefined;
      for await (const _ of blocks) await (change ??= source.query('DELETE FROM wp_nokey LIMIT 1'));
    };
    await expect(read()).rejects.toMatchObject({
      code: 'TABLE_WITHOUT_KEY',
      retryable: true,
      details: { table: 'wp_nokey' },
    });
  });
});

describe('files arrive whole', () => {
  it.each([
    ['through resets', (): Fault => ({ cutAfter: 2_000_000 })],
    ['through damage', (): Fault => ({ damageAt: 2_000_000 })],
  ])('%s', async (_name, fault) => {
    const { client, retries } = await through(fault);
    const files = await collectFiles(client.files(requests(), never));
    for (const [path, sha256] of bodies) {
      const file = files.get(path);
      expect({ path, announced: file?.sha256, real: hash('sha256', file?.body ?? '', 'hex') }).toEqual({
        path,
        announced: sha256,
        real: sha256,
      });
    }
    expect(retries.length).toBeGreaterThan(2);
  });
});

describe('answers that are not the migrator’s', () => {
  const limited = '<html><body>Too many requests</body></html>';
  const wall = '<html><title>Attention Required! | Firewall</title>Please solve the captcha</html>';
  const anyWait: unknown = expect.any(Number);
  const critical = '<p>There has been a critical error on this website.</p>';

  it.each([
    ['429 with Retry-After', page('429 Too Many Requests', 'Retry-After: 7\r\n', limited), 7],
    ['503 with Retry-After', page('503 Service Unavailable', 'Retry-After: 3\r\n', '<html>busy</html>'), 3],
    ['a rate-limit page with 200', page('200 OK', '', limited), anyWait],
    ['a firewall page', page('403 Forbidden', '', wall), anyWait],
    ['a firewall page with 200', page('200 OK', '', wall), anyWait],
    ['502', page('502 Bad Gateway', '', '<html>502</html>'), anyWait],
    ['500 of PHP', page('500 Internal Server Error', '', critical), anyWait],
    [
      'maintenance',
      page('503 Service Unavailable', 'Retry-After: 600\r\n', 'Briefly unavailable for scheduled maintenance.'),
      anyWait,
    ],
  ])('%s for a moment is waited out', async (_name, fault, wait) => {
    const { client, waits } = await through((connection) => (connection < 1 ? fault : undefined));
    await expect(client.info(never)).resolves.toMatchObject({ protocol: 2 });
    expect(waits).toEqual([wait]);
  });

  it.each([
    ['RATE_LIMITED', page('429 Too Many Requests', '', limited)],
    ['RATE_LIMITED', page('503 Service Unavailable', 'Retry-After: 4000\r\n', '<html>busy</html>')],
    ['SOURCE_BLOCKED', page('403 Forbidden', '', wall)],
    ['SOURCE_FAILED', page('500 Internal Server Error', '', critical)],
    ['HTTP_AUTH_REQUIRED', page('401 Unauthorized', 'WWW-Authenticate: Basic\r\n', 'no')],
    ['MIGRATOR_MISSING', page('200 OK', '', '<html><body>Welcome</body></html>')],
    ['MIGRATOR_MISSING', page('404 Not Found', '', '<html>nothing here</html>')],
    ['REDIRECTED_ELSEWHERE', page('301 Moved Permanently', 'Location: https://elsewhere.example/\r\n', '')],
    ['UNREACHABLE', { cutAfter: 0 } satisfies Fault],
  ])('%s when it stays so', async (code, fault) => {
    const { client } = await through(() => fault);
    await expect(client.info(never)).rejects.toMatchObject({ code });
  });

  it('stop a transfer only after many attempts that brought nothing', async () => {
    const { client, proxy } = await through((connection) =>
      connection === 0 ? { cutAfter: 2_000_000 } : { cutAfter: 0 },
    );
    await expect(collectRows(client.rows(tables('wp_big'), never))).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(proxy.connections()).toBeGreaterThanOrEqual(10);
  });
});

describe('a table that somebody at the site has locked', () => {
  it('is asked for again, and nothing of ours stays behind waiting for it', async () => {
    const { client, retries } = await through(() => undefined);
    const somebody = await createConnection({
      socketPath: source.mariadb.socket,
      user: 'root',
      database: source.database.name,
    });
    cleanUp.push(() => somebody.end());
    await somebody.query('LOCK TABLES wp_big WRITE');
    const read = collectRows(client.rows(tables('wp_big'), never));
    await expect.poll(() => retries, { timeout: 80_000 }).not.toEqual([]);
    expect(retries[0]).toContain('1205');
    await somebody.query('UNLOCK TABLES');
    expect((await read).get('wp_big')?.equals(whole.get('wp_big') ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('the clock', () => {
  it.each([4000, -4000])('is corrected by what the site says when it is %i s off', async (seconds) => {
    const { client } = await through(() => undefined, { now: () => Date.now() + seconds * 1000 });
    await expect(client.info(never)).resolves.toMatchObject({ protocol: 2 });
    await expect(client.info(never)).resolves.toMatchObject({ protocol: 2 });
  });

  it('is complained about when it jumps about', async () => {
    let calls = 0;
    const { client } = await through(() => undefined, { now: () => Date.now() + (calls += 4000) * 1000 });
    await expect(client.info(never)).rejects.toMatchObject({ code: 'CLOCK_SKEW' });
  });
});

describe('stopping', () => {
  it('closes the connection at once', async () => {
    const stop = new AbortController();
    const { client } = await through(() => undefined);
    const blocks = client.rows(tables('wp_big'), stop.signal);
    let blocksSeen = 0;
    await expect(
      (async () => {
        for await (const block of blocks) {
          blocksSeen += 1;
          expect({ table: block.table, blocksSeen }).toEqual({ table: 'wp_big', blocksSeen: 1 });
          stop.abort();
        }
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
    const busy = async (): Promise<number> =>
      (
        await source.query(
          `SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%wp_big%' AND INFO NOT LIKE '%PROCESSLIST%'`,
        )
      ).length;
    await expect.poll(busy).toBe(0);
  });
});
