import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPoolKeeper } from '../../src/pool/keeper.ts';
import { createPoolMemory } from '../../src/pool/memory.ts';
import { newNote } from '../../src/pool/note.ts';
import { askInstance } from '../../src/runtime/kubernetes/sidecar/client.ts';
import { sidecarOf } from '../../src/runtime/kubernetes/sidecar/address.ts';
import { compareWithGolden } from '../../src/runtime/kubernetes/recycle/golden.ts';
import { recallGolden } from '../../src/runtime/kubernetes/recycle/remember.ts';
import { readUnit } from '../../src/runtime/kubernetes/unit/remove.ts';
import type { WpcloneError } from '../../src/shared/errors.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import type { UnitFinding } from '../../src/runtime/units.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { ADMINISTRATOR, endProcesses, inDatabase, inside } from './inside.ts';
import { context, eventually, HOST, request, useNamespace } from './support.ts';

const namespace = useNamespace('recycle');
const commands = useCommands(namespace);
let source: Source;
beforeAll(async () => void (source = await startSource({ host: HOST })));
afterAll(() => source.stop());

/** Seconds that nobody else sleeps, not even another run of this file: by them a test finds what it has begun. */
const WORD = `86399.${process.pid}`;
const bad = (findings: readonly UnitFinding[]) => findings.filter(({ ok }) => !ok);
const spec = {
  min: 0,
  max: 2,
  most: 4,
  recycle: 'always',
  phpVersions: [''],
  madeAfter: 0,
  mode: 'running',
} as const;

/** As if its time were over. */
async function expire(unit: string): Promise<void> {
  const past = new Date(Date.now() - 1000).toISOString();
  const annotations = { 'wpclone.dev/expires-at': past, 'wpclone.dev/deadline': past };
  await namespace.patch(`pods/${unit}`, { metadata: { annotations } });
}

/** Each run of its containers. */
async function runsOf(unit: string): Promise<readonly string[]> {
  const pod = await namespace.get(`pods/${unit}`);
  return (pod?.status?.containerStatuses ?? []).map(({ containerID = '' }) => containerID);
}

/** A unit that is handed out by everybody, whenever it was proven: the kubelet says that it is ready. */
async function makeReady(runtime: Runtime): Promise<string> {
  const { name } = await runtime.units.make({ recyclable: true }, context());
  await eventually(async () => {
    const conditions = (await namespace.get(`pods/${name}`))?.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ? true : undefined;
  }, 'the kubelet says that it is ready');
  return name;
}

/** What somebody may leave in a unit: which part of the proof sees it, where it is, how it comes there, and how it goes again. */
type Residue = readonly [what: string, check: UnitFinding['check'], where: string, plant: string, remove: string];
const RESIDUES: readonly Residue[] = [
  ['a child with a session of its own', 'processes', 'web', `setsid -f sleep ${WORD} >/dev/null 2>&1 </dev/null`, ''],
  ['a file in shared memory', 'shared-memory', 'web', 'touch /dev/shm/left', 'rm /dev/shm/left'],
  ['a segment of shared memory without a name', 'shared-memory', 'web', 'ipcmk -M 64', 'ipcrm --all=shm'],
  ['a temporary file of PHP', 'web-tmp', 'web', 'mkdir /tmp/left', 'rmdir /tmp/left'],
  ['a file beside the sockets', 'sockets', 'web', 'touch /run/mysqld/left', 'rm /run/mysqld/left'],
  ['a plugin', 'files', 'web', 'mkdir -p /wpclone/www/wp-content/plugins/left', 'rm -r /wpclone/www/wp-content'],
  ['a must-use plugin', 'files', 'web', 'cd /wpclone/www; mkdir -p a/mu-plugins; >a/mu-plugins/left.php', 'rm -r /wpclone/www/a'],
  ['a file of WordPress', 'files', 'web', 'echo "<?php" >/wpclone/www/wp-load.php', 'rm /wpclone/www/wp-load.php'],
  ['settings of PHP in the document root', 'files', 'web', 'echo "a=b" >/wpclone/www/.user.ini', 'rm /wpclone/www/.user.ini'],
  ['settings of PHP', 'files', 'web', '>/wpclone/run/php/zz-allow-exec.ini', 'rm /wpclone/run/php/zz-allow-exec.ini'],
  ['a changed part of the router', 'files', 'web', 'cd /wpclone/run; cp web/gate.php /tmp/nginx/kept; echo >>web/gate.php', 'mv /tmp/nginx/kept /wpclone/run/web/gate.php'],
  ['a link out of the document root', 'files', 'web', 'ln -s /etc /wpclone/www/left', 'rm /wpclone/www/left'],
  ['a token to log in with', 'files', 'web', '>/wpclone/run/logins/left', 'rm /wpclone/run/logins/left'],
  ['caught mail', 'files', 'web', 'echo "{}" >/wpclone/mail/1.json', 'rm /wpclone/mail/1.json'],
  ['a file in the volume of the database', 'database-folder', 'database', 'touch /var/lib/mysql/left', 'rm /var/lib/mysql/left'],
  ['a file in the folder of data', 'database-folder', 'database', 'touch /var/lib/mysql/data/left', 'rm /var/lib/mysql/data/left'],
  ['a server that it follows', 'definitions', 'database', `${ADMINISTRATOR} -e "CHANGE MASTER TO MASTER_HOST = '127.0.0.1'"`, `${ADMINISTRATOR} -e 'RESET SLAVE ALL'; cd /var/lib/mysql/data; rm -f master.info *relay*`],
]; // prettier-ignore
const IN_DATABASE: readonly Residue[] = [
  ['a user of the database', 'accounts', 'sql', 'CREATE USER extra@localhost', 'DROP USER extra@localhost'],
  ['a grant', 'accounts', 'sql', 'GRANT SELECT ON mysql.* TO wordpress@localhost', 'REVOKE SELECT ON mysql.* FROM wordpress@localhost'],
  ['an event', 'definitions', 'sql', 'CREATE EVENT wordpress.e ON SCHEDULE EVERY 1 DAY DO DO 1', 'DROP EVENT wordpress.e'],
  ['a routine', 'definitions', 'sql', 'CREATE PROCEDURE wordpress.p() DO 1', 'DROP PROCEDURE wordpress.p'],
  ['a trigger', 'definitions', 'sql', 'CREATE TABLE wordpress.t (i INT); CREATE TRIGGER wordpress.r BEFORE INSERT ON wordpress.t FOR EACH ROW SET NEW.i = 1', 'DROP TABLE wordpress.t'],
  ['a view among the server’s own tables', 'databases', 'sql', 'CREATE VIEW mysql.v AS SELECT 1', 'DROP VIEW mysql.v'],
  ['a row in statistics of the server', 'accounts', 'sql', "INSERT INTO mysql.column_stats (db_name, table_name, column_name) VALUES ('a', 'b', 'c')", 'DELETE FROM mysql.column_stats'],
  ['a transaction that waits for its end', 'definitions', 'sql', "CREATE TABLE wordpress.x (i INT); XA START 'x'; INSERT INTO wordpress.x VALUES (1); XA END 'x'; XA PREPARE 'x'", "XA ROLLBACK 'x'; DROP TABLE wordpress.x"],
  ['a variable of the server', 'variables', 'sql', 'SET GLOBAL event_scheduler = ON', 'SET GLOBAL event_scheduler = OFF'],
  ['another database', 'databases', 'sql', 'CREATE DATABASE other', 'DROP DATABASE other'],
  ['a table with a row of cron', 'databases', 'sql', 'CREATE TABLE wordpress.wp_options (o TEXT)', 'DROP TABLE wordpress.wp_options'],
]; // prettier-ignore

const run = (unit: string, where: string, what: string): Promise<unknown> =>
  where === 'sql' ? inDatabase(namespace, unit, what) : inside(namespace, unit, where, what);

/** In each round one of each kind, so that none hides behind another of its kind. */
function inRounds<T>(all: readonly T[], kindOf: (one: T) => string): readonly (readonly T[])[] {
  const groups = [...Map.groupBy(all, kindOf).values()];
  const most = Math.max(...groups.map(({ length }) => length));
  return Array.from({ length: most }, (_, round) => groups.flatMap((group) => group.slice(round, round + 1)));
}

test('whatever somebody may leave in a unit is seen, each in its place, and nothing when it has gone', async () => {
  const runtime = await namespace.runtime();
  const { name, recyclable } = await runtime.units.make({ recyclable: true }, context());
  expect(recyclable).toBe(true);
  const unit = await readUnit(namespace.cluster, name, context());
  if (unit === undefined) throw new Error('The unit is not there.');
  const golden = await recallGolden(namespace.cluster, unit, context());
  if (golden === undefined) throw new Error('Nobody knows what it was like.');
  const sidecar = sidecarOf(namespace.cluster, unit, false, context());
  const found = async () =>
    bad(compareWithGolden(golden, await askInstance(sidecar, 'look', undefined, context().signal)));
  expect(await found()).toEqual([]);

  const seen: string[] = [];
  for (const round of inRounds([...RESIDUES, ...IN_DATABASE], ([, check]) => check)) {
    await Promise.all(round.map(([, , where, plant]) => run(name, where, plant)));
    const places = new Set((await found()).map(({ check }) => check));
    seen.push(...round.filter(([, check]) => places.has(check)).map(([what]) => what));
    await Promise.all(round.map(([, , where, , remove]) => run(name, where, remove)));
    endProcesses(WORD);
  }
  // It stays for longer than a probe of the kubelet could.
  const connection = inDatabase(namespace, name, `SELECT SLEEP(${WORD})`).catch(() => undefined);
  await eventually(async () => {
    const statements = 'SELECT info FROM information_schema.processlist';
    return (await inDatabase(namespace, name, statements)).includes(WORD) ? true : undefined;
  }, 'somebody is connected');
  expect((await found()).map(({ check }) => check)).toEqual(['connections']);
  endProcesses(WORD);
  await connection;
  expect(seen.toSorted()).toEqual([...RESIDUES, ...IN_DATABASE].map(([what]) => what).toSorted());
  await expect.poll(found, { timeout: 90_000 }).toEqual([]);
  await runtime.units.retire(name, context());
});

test('a clone’s unit goes back when its time is over: proven clean of what the clone left, with other secrets, for the next clone', async () => {
  const runtime = await namespace.runtime();
  const name = await makeReady(runtime);
  const password = passwordOf(source);
  const first = await commands.json<Report & { unit: string }>(cloneArguments(source), password);
  expect([first.unit, await namespace.podName(first.clone_id)]).toEqual(['warm', name]);
  const before = await namespace.get<{ data: Record<string, string> }>(`secrets/${name}`);
  const runs = await runsOf(name);
  expect((await failureOf(runtime.units.recycle?.(name, context()) ?? Promise.resolve())).code).toBe('BUSY');

  let tell: (why: WpcloneError) => void = () => undefined;
  const over = new Promise<WpcloneError>((resolve) => (tell = resolve));
  await runtime.expose(first.clone_id, context(), tell);

  const left = [
    `setsid -f sleep ${WORD} >/dev/null 2>&1 </dev/null`,
    'touch /dev/shm/left /tmp/left /run/mysqld/left',
    'cd /wpclone/www && mkdir -p wp-content/mu-plugins && echo "<?php" >wp-content/mu-plugins/left.php',
    'echo "<?php" >>wp-load.php; echo "a=b" >.user.ini; ln -s /etc left; mkdir -m 0 /tmp/shut',
    '>/wpclone/run/php/zz-allow-exec.ini',
  ];
  await inside(namespace, name, 'web', left.join('\n'));
  const inServer = [
    'CREATE USER extra@localhost',
    'CREATE DATABASE other',
    'CREATE EVENT wordpress.e ON SCHEDULE EVERY 1 DAY DO DO 1',
    'SET GLOBAL event_scheduler = ON',
  ];
  await inDatabase(namespace, name, inServer.join('; '));
  await expire(name);
  const memory = createPoolMemory(newNote(Date.now()));
  const keeper = createPoolKeeper(runtime.units, context(), { memory });
  const pass = await keeper.pass(spec);
  expect(pass.deeds.map(({ action, outcome }) => `${action.do} ${outcome}`)).toEqual(['recycle begun']);
  await keeper.settled();
  const told = memory.note().events.map(({ what, why }) => `${what}: ${why}`);
  expect(told).toEqual([expect.stringMatching(/^recycled: proven clean in [\d.]+ s$/)]);
  const [unit] = await runtime.units.list(context());
  expect(unit).toMatchObject({ name, state: 'WARM', uses: 1, leased: false, recyclable: true });
  expect(unit).not.toHaveProperty('cloneId');
  // Whoever had opened the one clone does not see the next one at its address.
  expect((await over).message).toMatch(/is gone: its time is over/);
  expect(await namespace.belongings()).toEqual([`pods/${name}`, `secrets/${name}`]);
  const after = await namespace.get<{ data: Record<string, string> }>(`secrets/${name}`);
  for (const key of ['token', 'database-password', 'root-password'])
    expect(after?.data[key]).not.toBe(before?.data[key]);
  // Nothing that has served the one clone serves the other, and none of their logs tells of it.
  expect((await runsOf(name)).filter((id) => runs.includes(id))).toEqual([]);
  for await (const line of runtime.units.logs(name, { follow: false }, context()))
    expect(line).not.toContain(first.clone_id);

  const second = await commands.json<Report & { unit: string }>(cloneArguments(source, '--strict'), password);
  expect([second.unit, await namespace.podName(second.clone_id)]).toEqual(['warm', name]);
  const there = 'ls /dev/shm /tmp /run/mysqld; find /wpclone -name "left*" -o -name .user.ini -o -name "zz-*"';
  expect(await inside(namespace, name, 'web', there)).not.toMatch(/left|user\.ini|zz-/);
  await runtime.remove(second.clone_id, context());
});

/** Tries accounts of the database without a password from where a clone's PHP runs, as the user that it runs as: a word for each. */
const TRY_ACCOUNTS = `php -r '
foreach (["node", "root", "mysql", ""] as $user) {
  foreach (["localhost", "127.0.0.1"] as $host) {
    try { new mysqli($host, $user, "", "", 3306, $host === "localhost" ? "/run/mysqld/mysqld.sock" : null); echo "$user is in "; }
    catch (mysqli_sql_exception $refused) { echo "refused "; }
  }
}'`;

test('code of a clone has no other account in its database than its own, and what opens its pod no account there gets at', async () => {
  const runtime = await namespace.runtime();
  const { name } = await runtime.units.make({ recyclable: true }, context());
  const found = await inside(namespace, name, 'database', 'ls /run/secrets/wpclone');
  expect(found.trim().split('\n')).toEqual(['database-password', 'root-password']);
  const read =
    "CREATE TABLE wordpress.t (t TEXT); LOAD DATA INFILE '/run/secrets/wpclone/token' INTO TABLE wordpress.t";
  await expect(inDatabase(namespace, name, read)).rejects.toThrow(/No such file/);
  expect(await inside(namespace, name, 'web', TRY_ACCOUNTS)).toBe('refused '.repeat(8));
  expect(await inside(namespace, name, 'web', 'ls /var/lib/mysql 2>&1 || true')).not.toContain('administrator');
  await runtime.units.retire(name, context());
});

test('a unit that is not as it was is set aside and never handed out again', async () => {
  const runtime = await namespace.runtime();
  const name = await makeReady(runtime);
  const lease = await runtime.provision(request(), context());
  const facts = { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' };
  const secrets = { adminUsername: 'me', adminPassword: 'mine' };
  const { url } = lease.instance;
  await lease.commit({ url, source: facts, expiresAt: Date.now() + 60_000, findings: [], ...secrets }, context());
  // No reset takes away what has no name.
  await inside(namespace, name, 'web', 'ipcmk -M 64');
  await expire(name);
  const findings = await runtime.units.recycle?.(name, context());
  expect(bad(findings ?? []).map(({ check }) => check)).toEqual(['shared-memory']);
  const units = await runtime.units.list(context());
  expect(units.find((unit) => unit.name === name)?.state).toBe('QUARANTINED');
  expect(await runtime.units.claim(request(), context())).toEqual({ outcome: 'none' });
  await runtime.units.retire(name, context());
});
