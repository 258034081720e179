import type { PoolReport } from '../../operations/pool.ts';
import { counted, printable, remaining, seconds, table } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';

type UnitLine = PoolReport['units'][number];

/** `pool status`: how large the pool is and why, its units, and what happened lately. */
export function poolText(pool: PoolReport, colors: Colors, now: number): string {
  const parts = [poolSummary(pool, colors), unitTable(pool.units, colors, now), eventLines(pool, colors, now)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** All but the units and what happened. */
export function poolSummary(pool: PoolReport, colors: Colors): string {
  const rows = [
    [
      'Pool',
      `${mode(pool, colors)}   ${pool.runtime}   min ${pool.min}, max ${pool.max}, in all ${pool.most}${pool.recycle === 'always' ? ', used again' : ''}`,
    ],
    [
      'Kept by',
      pool.kept_by ?? colors.yellow('nobody: no instance is made or removed ahead until a wpclone agent runs'),
    ],
    ...pool.sub_pools.flatMap((sub) => [
      [sub.php === '' ? 'Units' : `PHP ${sub.php}`, subPool(sub)],
      ...(sub.why === null ? [] : [['Why', printable(sub.why)]]),
    ]),
    ...(pool.held_up === null ? [] : [['Held up', colors.yellow(printable(pool.held_up))]]),
    ['Clones', hitRate(pool)],
    ...(pool.runtime === 'local' ? [['Saves', savings(pool)]] : []),
  ];
  return table(rows.map(([name = '', value = '']) => [colors.dim(name), value]));
}

function mode({ mode: is }: PoolReport, colors: Colors): string {
  return is === 'running' ? colors.green(is) : colors.yellow(is);
}

/** Why there are as many has a line of its own: beside this one it would not fit in 80 columns. */
function subPool({ warm, making, wanted, refill_seconds: refill }: PoolReport['sub_pools'][number]): string {
  const now = `${warm} warm${making > 0 ? `, ${making} being made` : ''}`;
  const size = wanted === null ? '' : `, ${wanted} wanted`;
  const time = refill === null ? '' : `   made in ${seconds(refill.median)} (95 %: ${seconds(refill.p95)})`;
  return `${now}${size}${time}`;
}

function hitRate({ clones: { from_pool: warm, made, since, last_hour: hour } }: PoolReport): string {
  if (warm + made === 0) return 'none has asked the pool yet';
  const percent = Math.round((100 * warm) / (warm + made));
  const lately = hour.from_pool + hour.made;
  return `${warm} of ${counted(warm + made, 'clone')} from the pool (${percent} %), ${hour.from_pool} of ${lately} in the last hour; since ${since.slice(0, 16)}`;
}

/** Making one runs beside the log-in at the source, so that this is the most that it can be. */
function savings({ sub_pools: pools }: PoolReport): string {
  const slowest = Math.max(...pools.map(({ refill_seconds: refill }) => refill?.median ?? 0));
  const time = slowest === 0 ? 'some tenths of a second' : seconds(slowest);
  return `a warm unit on this machine saves a clone ${time} at most: it would be made while the source is asked`;
}

/** A line for each unit. */
export function unitTable(units: readonly UnitLine[], colors: Colors, now: number): string {
  if (units.length === 0) return 'No units.';
  const head = ['UNIT', 'STATE', 'AGE', 'PHP', 'REVISION', 'USES', 'CLONE'].map((title) => colors.dim(title));
  return table([head, ...units.map((unit) => unitRow(unit, colors, now))]);
}

const unitRow = (unit: UnitLine, colors: Colors, now: number): string[] => [
  colors.bold(unit.name),
  state(unit, colors),
  age(unit.created_at, now),
  unit.php === '' ? '-' : unit.php,
  `${unit.revision.slice(0, 12)}${unit.current ? '' : ` ${colors.yellow('old')}`}`,
  String(unit.uses),
  printable(unit.clone_id ?? '-'),
];

function state({ state: is }: UnitLine, colors: Colors): string {
  if (is === 'WARM' || is === 'READY') return colors.green(is);
  return is === 'QUARANTINED' || is === 'DELETING' ? colors.red(is) : colors.yellow(is);
}

const age = (since: string, now: number): string => {
  const past = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  return past < 120 ? `${past} s` : remaining(now, Date.parse(since));
};

const SHOWN = 8;

/** What happened last, the newest last. */
export function eventLines({ events }: PoolReport, colors: Colors, now: number, shown = SHOWN): string {
  return events
    .slice(-shown)
    .map(({ at, what, unit, why }) => {
      const ago = `${age(at, now)} ago`;
      return `${colors.dim(ago.padEnd(11))} ${what.padEnd(11)} ${unit ?? ''}${unit === null ? '' : ': '}${printable(why)}`;
    })
    .join('\n');
}
