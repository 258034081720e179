import { newJobId, type WorkContext } from '../shared/context.ts';
import { toWpcloneError, type WpcloneError } from '../shared/errors.ts';
import { whyUnfit } from '../runtime/unit-findings.ts';
import type { UnitReport, Units } from '../runtime/units.ts';
import type { Breakers } from './breaker.ts';
import { createPoolMemory, type PoolMemory, subPoolOf } from './memory.ts';
import { newNote } from './note.ts';
import { planPool, type PoolPlan } from './planner.ts';
import { createRecycling } from './recycling.ts';
import type { PoolAction, PoolSettings, PoolSpec, PoolUnit } from './types.ts';

/** What came of one thing that the planner wanted. */
export interface PoolDeed {
  readonly action: PoolAction;
  /** `begun`: it takes its time; `refused`: the unit has changed since, which the next look will show; `left`: what holds a clone is the sweep's. */
  readonly outcome: 'done' | 'begun' | 'refused' | 'failed' | 'left';
  readonly error?: WpcloneError;
}

/** One look at a pool, and what followed from it. */
export interface PoolPass {
  readonly spec: PoolSpec;
  readonly plan: PoolPlan;
  readonly units: readonly PoolUnit[];
  readonly deeds: readonly PoolDeed[];
  readonly breakers: Breakers;
}

/** Keeps the pool of one runtime. At most one keeper works on a pool at a time: whoever calls sees to that. */
export interface PoolKeeper {
  /**
   * Looks, plans and does; returns when all but the making of units is done. `waiting` clones are about to ask for a unit. Throws when
   * the units cannot be listed.
   */
  pass(spec: PoolSpec, waiting?: number): Promise<PoolPass>;
  /** Resolves when no unit is being made, or made ready once more. */
  settled(): Promise<void>;
}

export interface KeeperOptions {
  /** Of the keeper before this one; a new one without it. */
  readonly memory?: PoolMemory;
  /** Called when a unit was made or could not be: there may be more to do. */
  readonly made?: () => void;
  /** It looks again and again: what is made need not be made beside a clone that has just begun. */
  readonly makesWay?: boolean;
}

/** `context.signal` ends the making of units too. */
export function createPoolKeeper(units: Units, context: WorkContext, options: KeeperOptions = {}): PoolKeeper {
  const {
    memory = createPoolMemory(newNote(context.now())),
    made: ended = () => undefined,
    makesWay = false,
  } = options;
  /** By job: its unit can be told from others as soon as it is listed. It is no job's any more when it is ready, a moment before we hear of that. */
  const making = new Map<
    string,
    { readonly phpVersion: string; readonly since: number; readonly done: Promise<void>; unit?: string }
  >();

  const recycling = createRecycling(units, memory, ended, context);
  let recyclable = false;

  function make(phpVersion: string): void {
    const jobId = newJobId(context.randomBytes);
    const since = context.now();
    const asked = { recyclable, ...(phpVersion === '' ? {} : { phpVersion }) };
    const failed = (why: string): void => {
      memory.failed(phpVersion, why, context.now());
      context.log.warn('a unit could not be made', { php: phpVersion, why });
    };
    const done = units.make(asked, { ...context, jobId }).then(
      (made) => {
        // The planner gives such a unit up, and would ask for another one without end.
        if (subPoolOf(made) !== phpVersion) return failed(`there is no PHP ${phpVersion}, but ${subPoolOf(made)}`);
        return memory.made({ name: made.name, phpVersion }, context.now() - since, context.now());
      },
      (error: unknown) => {
        if (!context.signal.aborted) failed(toWpcloneError(error).message);
      },
    );
    const forget = (): void => {
      making.delete(jobId);
      ended();
    };
    making.set(jobId, { phpVersion, since, done: done.finally(forget) });
  }

  async function look(revision: string): Promise<readonly PoolUnit[]> {
    const reports = await units.list(context);
    memory.observe(reports, context.now());
    const present = reports.map((report) => {
      const own = making.get(report.jobId ?? '');
      if (own === undefined) return report;
      own.unit = report.name;
      // A runtime may choose the PHP only while it makes the unit: until then it is of the sub-pool that it was asked for.
      return { ...report, phpVersion: report.phpVersion ?? own.phpVersion };
    });
    const seen = new Set(reports.map(({ name }) => name));
    // Begun and not listed yet: counted all the same, else another one would be begun at each look.
    const expected = [...making].filter(([, { unit }]) => unit === undefined || !seen.has(unit));
    return [
      ...present.map(poolUnitOf),
      ...expected.map(([jobId, { phpVersion, since }]) => expectedUnit(jobId, phpVersion, since, revision)),
    ];
  }

  async function carryOut(action: PoolAction, known: readonly UnitReport['name'][]): Promise<PoolDeed> {
    if (action.do === 'make') {
      make(action.phpVersion);
      return { action, outcome: 'begun' };
    }
    if (action.do === 'recycle') return { action, outcome: recycling.begin(action.unit) };
    if (known.includes(action.unit)) return { action, outcome: 'left' };
    try {
      await act(action.do, action.unit, action.why);
      return { action, outcome: 'done' };
    } catch (cause) {
      context.signal.throwIfAborted();
      const error = toWpcloneError(cause);
      if (error.code === 'BUSY' || error.code === 'NOT_FOUND') return { action, outcome: 'refused', error };
      context.log.warn('the pool could not do what it wanted', { ...action, error: error.message });
      return { action, outcome: 'failed', error };
    }
  }

  async function act(what: 'validate' | 'quarantine' | 'retire', unit: string, why: string): Promise<void> {
    const told = (happened: 'retired' | 'quarantined', reason: string): void =>
      memory.happened({ at: context.now(), what: happened, unit, why: reason });
    if (what === 'validate') {
      const wrong = whyUnfit(await units.validate(unit, context));
      if (wrong !== '') told('quarantined', wrong);
      return;
    }
    await units[what](unit, context);
    told(what === 'retire' ? 'retired' : 'quarantined', why);
  }

  return {
    async pass(spec, waiting = 0) {
      const revision = await units.revision(context);
      const present = await look(revision);
      recyclable = spec.recycle === 'always' && units.recycle !== undefined;
      const settings: PoolSettings = { ...spec, recycle: recyclable ? 'always' : 'never', revision };
      const now = context.now();
      // Who waits has not said for which PHP: the usual one, most likely.
      const demand = new Map(
        spec.phpVersions.map((php, index) => [php, memory.demand(php, index === 0 ? waiting : 0, now)]),
      );
      const { breakers } = memory.note();
      const plan = planPool({ units: present, settings, demand, breakers, makesWay, now });
      memory.keep({ sizes: Object.fromEntries(plan.sizes), heldUp: plan.heldUp });
      const held = present.filter((unit) => unit.held).map(({ name }) => name);
      const deeds = await Promise.all(plan.actions.map((action) => carryOut(action, held)));
      return { spec, plan, units: present, deeds, breakers };
    },
    async settled() {
      await Promise.all([...[...making.values()].map(({ done }) => done), recycling.settled()]);
    },
  };
}

const poolUnitOf = (report: UnitReport): PoolUnit => ({
  name: report.name,
  state: report.state,
  phpVersion: subPoolOf(report),
  revision: report.revision,
  uses: report.uses,
  createdAt: report.createdAt,
  since: report.stateSince,
  deadline: report.deadline ?? null,
  leased: report.leased,
  unschedulable: report.unschedulable,
  provenAt: report.provenAt ?? null,
  held: report.cloneId !== undefined,
  recyclable: report.recyclable === true,
});

const expectedUnit = (jobId: string, phpVersion: string, since: number, revision: string): PoolUnit => ({
  name: `(${jobId})`,
  state: 'CREATING',
  phpVersion,
  revision,
  uses: 0,
  createdAt: since,
  since,
  deadline: null,
  leased: true,
  unschedulable: false,
  provenAt: null,
  held: false,
  recyclable: false,
});
