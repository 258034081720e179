import { readFile, writeFile } from 'node:fs/promises';
import { parsePlan } from '../operations/restore-policy.ts';
import type { RestorePlan } from '../operations/types.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { printable, safeJson } from '../shared/format.ts';

/** A plan that somebody has looked at. Throws BAD_INPUT when it is no plan of this clone. */
export async function readPlanFile(file: string, cloneId: string): Promise<RestorePlan> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new WpcloneError('BAD_INPUT', `The plan cannot be read from ${file}: ${toWpcloneError(error).message}`);
  });
  const plan = parsePlan(text);
  if (plan === undefined) throw new WpcloneError('BAD_INPUT', `${file} holds no plan of a restore.`);
  if (plan.clone.id !== cloneId)
    throw new WpcloneError('BAD_INPUT', `${file} is a plan of ${printable(plan.clone.id)}, not of ${cloneId}.`);
  return plan;
}

/** Throws BAD_INPUT where it cannot be written. */
export async function writePlanFile(file: string, plan: object): Promise<void> {
  try {
    await writeFile(file, `${safeJson(plan, 2)}\n`);
  } catch (error) {
    throw new WpcloneError('BAD_INPUT', `The plan cannot be written to ${file}: ${toWpcloneError(error).message}`);
  }
}
