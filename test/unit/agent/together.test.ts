import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { writeTogether } from '../../../src/agent/jobs/sqlite/together.ts';
import { makeTemp } from '../../support/temp.ts';
import { workContext } from '../../support/work.ts';

const opened: Sqlite.Database[] = [];
afterEach(() => {
  for (const database of opened.splice(0)) database.close();
});

function start(sync: (said: readonly string[]) => void = () => undefined) {
  const said: string[] = [];
  const file = join(makeTemp('together'), 'some.db');
  const database = new Sqlite(file, { timeout: 20, verbose: (sql) => said.push(String(sql)) });
  opened.push(database);
  database.exec('CREATE TABLE words (n INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL UNIQUE)');
  const writer = writeTogether(database, workContext(), () => sync(said));
  const add = (word: string) =>
    writer.write(() => database.prepare('INSERT INTO words (word) VALUES (?)').run(word).changes);
  const words = () => database.prepare<[], string>('SELECT word FROM words ORDER BY n').pluck().all();
  return { file, database, writer, add, words, commits: () => said.filter((sql) => sql === 'COMMIT').length };
}

describe('what is asked for in one moment', () => {
  it('waits for the disk once, and is made in order', async () => {
    const { add, words, commits } = start();
    const asked = Array.from({ length: 20 }, (_, n) => `word ${n}`);
    expect(await Promise.all(asked.map(add))).toEqual(asked.map(() => 1));
    expect(commits()).toBe(1);
    expect(words()).toEqual(asked);
  });

  it('is told of once the disk has it', async () => {
    const order: string[] = [];
    const { add } = start((said) => order.push(said.at(-1) ?? ''));
    await add('one').then(() => order.push('told'));
    await Promise.all(['two', 'three'].map((word) => add(word).then(() => order.push('told'))));
    expect(order).toEqual(['COMMIT', 'told', 'COMMIT', 'told', 'told']);
  });

  it('is promised to nobody, and not made twice, where the disk does not take it', async () => {
    let broken = true;
    const { add, words } = start(() => {
      if (broken) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    });
    const told = await Promise.allSettled([add('one'), add('two')]);
    expect(told.map((one) => one.status === 'rejected' && one.reason)).toMatchObject([
      { code: 'STATE_FAILED' },
      { code: 'STATE_FAILED' },
    ]);
    broken = false;
    expect(await add('three')).toBe(1);
    expect(words()).toEqual(['one', 'two', 'three']);
  });

  it('is refused each for itself', async () => {
    const { add, words, writer, database } = start();
    const broken = writer.write(() => {
      database.prepare(`INSERT INTO words (word) VALUES ('half')`).run();
      throw new Error('Not this one.');
    });
    const told = await Promise.allSettled([add('one'), broken, add('one'), add('two')]);
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(told[1]).toMatchObject({ reason: { message: 'Not this one.' } });
    expect(told[2]).toMatchObject({ reason: { code: 'STATE_FAILED' } });
    expect(words()).toEqual(['one', 'two']);
  });

  it('is answered as it is on a full disk, and can be written when there is room', async () => {
    const { add, words, database } = start();
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 2}`);
    const long = Array.from({ length: 10 }, (_, n) => `${n} `.repeat(2_000));
    const told = await Promise.allSettled(long.map(add));
    expect(words()).toEqual(long.filter((_, n) => told[n]?.status === 'fulfilled'));
    const refused = told.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const reason of refused) expect(reason).toMatchObject({ code: 'DISK_FULL' });
    database.pragma('max_page_count = 100000');
    await add('room');
    expect(words()).toContain('room');
  });

  it('is not refused with what there is no room for', async () => {
    const { add, words, database } = start();
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 2}`);
    const told = await Promise.allSettled(['one', 'long '.repeat(10_000), 'two'].map(add));
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(told[1]).toMatchObject({ reason: { code: 'DISK_FULL' } });
    expect(words()).toEqual(['one', 'two']);
  });

  it('waits while another process writes, and is made when that one has', async () => {
    const { file, add, words } = start();
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    const both = Promise.all([add('one'), add('two')]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(words()).toEqual([]);
    other.exec('COMMIT');
    other.close();
    await both;
    expect(words()).toEqual(['one', 'two']);
  });

  it('is written before the database is closed, also when another process wrote until then, and once', async () => {
    const { file, add, words, writer, database } = start();
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    const both = Promise.all([add('one'), add('two')]);
    // Each try waits for 20 ms; between two of them the other one ends, and so does this one.
    await new Promise((resolve) => setTimeout(resolve, 100));
    other.exec('COMMIT');
    other.close();
    writer.close();
    expect(words()).toEqual(['one', 'two']);
    database.close();
    expect(await both).toEqual([1, 1]);
    await expect(add('late')).rejects.toThrow('not open');
  });

  it('is made once also where the store is closed in the moment in which it is made', async () => {
    const { add, words, writer } = start();
    const closing = writer.write(() => void Promise.resolve().then(() => writer.close()));
    expect(await Promise.all([add('one'), add('two'), closing])).toEqual([1, 1, undefined]);
    expect(words()).toEqual(['one', 'two']);
  });

  it('is written before the database is closed', async () => {
    const { add, words, writer } = start();
    const waiting = add('last');
    writer.close();
    expect(words()).toEqual(['last']);
    expect(await waiting).toBe(1);
  });
});
