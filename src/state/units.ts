import { nameTaken } from '../shared/clone-errors.ts';
import type { Clock } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { Database } from './database.ts';
import type { SecretBox } from './secrets.ts';
import type { Access } from './access.ts';
import type { CloneRow, NewClone, PortRange, State, UnitRow } from './types.ts';
import { cloneColumns, type Columns, selectUnits, unitColumns, unitOf, type UnitColumns } from './unit-rows.ts';

type Units = State['units'];

/** The local instances and the clones in them. Passwords go through `box`. */
export function unitStore(database: Database, box: SecretBox, now: Clock, access: Access): Units {
  const select = (where: string, ...values: string[]): UnitRow[] =>
    database
      .prepare<string[], UnitColumns>(selectUnits(where))
      .all(...values)
      .map((row) => unitOf(row, box));
  const find = (name: string): UnitRow | undefined => select('instances.name = ?', name)[0];
  const read = (name: string): UnitRow => {
    const unit = find(name);
    if (unit === undefined) throw new WpcloneError('INTERNAL', `The state lost ${name} while it was written.`);
    return unit;
  };

  function insert(table: 'instances' | 'clones', columns: Columns): void {
    const names = Object.keys(columns);
    database
      .prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`)
      .run(columns);
  }
  function update(table: 'instances' | 'clones', key: string, columns: Columns): void {
    const names = Object.keys(columns).map((name) => `${name} = @${name}`);
    if (names.length === 0) return;
    const where = table === 'instances' ? 'name' : 'id';
    database.prepare(`UPDATE ${table} SET ${names.join(', ')} WHERE ${where} = @where_key`).run({
      ...columns,
      where_key: key,
    });
  }
  function insertClone(clone: NewClone, unit: string, port: number): void {
    if (database.prepare('SELECT 1 FROM clones WHERE id = ?').get(clone.id) !== undefined) throw nameTaken(clone.id);
    const row: CloneRow = {
      ...clone,
      url: originOf(port),
      wordpressVersion: null,
      phpVersion: null,
      adminUsername: null,
      adminPassword: null,
      createdAt: now(),
      findings: [],
    };
    insert('clones', { id: clone.id, unit, ...cloneColumns(clone.id, row, box) });
  }
  const forget = (id: string): void => {
    database.prepare<[string]>('DELETE FROM clones WHERE id = ?').run(id);
  };
  /** Inside the transaction that then writes. */
  const unchanged = (seen: UnitRow): boolean => {
    const present = find(seen.name);
    return present !== undefined && markOf(present) === markOf(seen);
  };
  const since = (state: UnitRow['state'] | undefined, seen: UnitRow): Columns =>
    state === undefined || state === seen.state ? {} : { state_since: now() };

  return {
    find: (name) => access.read(() => find(name)),
    holding: (cloneId) => access.read(() => select('clones.id = ?', cloneId)[0]),
    list: () => access.read(() => select('1 = 1')),
    create: (unit, clone, ports) =>
      access.write(() => {
        const port = freePort(database, ports);
        const columns = unitColumns(unit.name, { ...unit, port, uses: clone === undefined ? 0 : 1 }, box);
        insert('instances', { name: unit.name, ...columns, created_at: now(), state_since: now() });
        if (clone !== undefined) insertClone(clone, unit.name, port);
        return read(unit.name);
      }),
    move: (seen, ports) =>
      access.write(() => {
        if (!unchanged(seen)) return undefined;
        const port = freePort(database, ports);
        update('instances', seen.name, { port });
        if (seen.clone !== null) update('clones', seen.clone.id, { url: originOf(port) });
        return read(seen.name);
      }),
    change: (seen, { clone = {}, ...changes }) =>
      access.write(() => {
        if (!unchanged(seen)) return undefined;
        update('instances', seen.name, { ...unitColumns(seen.name, changes, box), ...since(changes.state, seen) });
        if (seen.clone !== null) update('clones', seen.clone.id, cloneColumns(seen.clone.id, clone, box));
        return read(seen.name);
      }),
    assign: (seen, clone, changes) =>
      access.write(() => {
        if (!unchanged(seen) || seen.clone !== null) return undefined;
        const used = { ...changes, uses: seen.uses + 1 };
        update('instances', seen.name, { ...unitColumns(seen.name, used, box), ...since(changes.state, seen) });
        insertClone(clone, seen.name, seen.port);
        return read(seen.name);
      }),
    takeOver: (seen, name, old, { clone = {}, ...changes }) =>
      access.write(() => {
        if (seen.clone === null || !unchanged(seen) || (old !== undefined && !unchanged(old))) return undefined;
        if (old !== undefined) {
          const doomed = { state: 'DELETING', lease: null, epoch: old.epoch + 1 } as const;
          update('instances', old.name, { ...unitColumns(old.name, doomed, box), ...since('DELETING', old) });
          forget(name);
        }
        forget(seen.clone.id);
        // Anew, not renamed: a password is sealed for the name that it belongs to.
        const row = { ...seen.clone, ...clone };
        if (database.prepare('SELECT 1 FROM clones WHERE id = ?').get(name) !== undefined) throw nameTaken(name);
        insert('clones', { id: name, unit: seen.name, ...cloneColumns(name, row, box) });
        update('instances', seen.name, { ...unitColumns(seen.name, changes, box), ...since(changes.state, seen) });
        return read(seen.name);
      }),
    remove: (name) =>
      access.write(() => {
        database.prepare<[string]>('DELETE FROM instances WHERE name = ?').run(name);
      }),
  };
}

const originOf = (port: number): string => `http://127.0.0.1:${port}`;

/** What must not have changed for a compare and swap. */
const markOf = ({ state, epoch, lease, clone }: UnitRow): string =>
  JSON.stringify([state, epoch, lease?.jobId, lease?.pid, lease?.startedAt, clone?.id, clone?.expiresAt]);

function freePort(database: Database, ports: PortRange): number {
  const used = new Set(database.prepare<[], number>('SELECT port FROM instances').pluck().all());
  if (ports.wanted !== undefined && !used.has(ports.wanted) && !ports.avoid.has(ports.wanted)) return ports.wanted;
  for (let port = ports.first; port <= ports.last; port += 1) {
    if (!used.has(port) && !ports.avoid.has(port)) return port;
  }
  throw new WpcloneError('PORTS_EXHAUSTED', `All ports from ${ports.first} to ${ports.last} are in use.`);
}
