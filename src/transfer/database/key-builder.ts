import type { DatabaseAddress } from '../types.ts';
import type { WarningCollector } from '../warnings.ts';
import { connectTarget, type TargetConnection } from './connection.ts';
import { addKeys } from './finish.ts';
import type { TablePlan } from './plan.ts';

/** Builds keys of tables that are complete, on a connection of its own, while other tables are still being loaded. */
export interface KeyBuilder {
  add(plan: TablePlan): void;
  /** Resolves when all keys are there; rejects with the first failure. */
  finish(): Promise<void>;
}

/** Connects at the first table that has keys to build. Aborting `signal` ends the work. */
export function createKeyBuilder(
  address: DatabaseAddress,
  signal: AbortSignal,
  warnings: WarningCollector,
): KeyBuilder {
  let connection: Promise<TargetConnection> | undefined;
  let work = Promise.resolve();
  return {
    add: (plan) => {
      if (plan.keys.length === 0) return;
      connection ??= connectTarget(address, signal);
      const session = connection;
      work = work.then(async () => addKeys(await session, plan, warnings));
      work.catch(() => undefined);
    },
    finish: async () => {
      await work;
      await (await connection)?.close();
    },
  };
}
