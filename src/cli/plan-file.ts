import { readFile, writeFile } from 'node:fs/promises';
import { cannotRead } from './file-errors.ts';
import { parsePlan } from '../operations/restore-policy.ts';
import type { RestorePlan } from '../operations/types.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { printable, safeJson, shellWord } from '../shared/format.ts';

/** A plan that somebody has looked at. Throws BAD_INPUT when it is no plan of this clone. */
export async function readPlanFile(file: string, cloneId: string): Promise<RestorePlan> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw cannotRead(`The plan ${file}`, file, error);
  });
  const plan = parsePlan(text);
  const nextSteps = [`Write one with wpclone restore ${cloneId} --dry-run --out ${shellWord(file)}`];
  if (plan === undefined) throw new WpcloneError('BAD_INPUT', `${file} holds no plan of a restore.`, { nextSteps });
  if (plan.clone.id !== cloneId) {
    const message = `${file} is a plan of ${printable(plan.clone.id)}, not of ${cloneId}.`;
    throw new WpcloneError('BAD_INPUT', message, { nextSteps });
  }
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
