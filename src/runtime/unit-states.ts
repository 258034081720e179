import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';

/** A unit's life, pool or not; a pod has it as a label, the state database as a column. */
export const UNIT_STATES = [
  'CREATING',
  'VALIDATING',
  'WARM',
  'ASSIGNED',
  'READY',
  'RESETTING',
  'QUARANTINED',
  'DELETING',
] as const;
export type UnitState = (typeof UNIT_STATES)[number];

/** What may follow what. An instance made for one clone goes from CREATING to ASSIGNED; everything may go to DELETING. */
const NEXT: Readonly<Record<UnitState, readonly UnitState[]>> = {
  CREATING: ['VALIDATING', 'ASSIGNED'],
  VALIDATING: ['WARM', 'QUARANTINED'],
  WARM: ['ASSIGNED', 'QUARANTINED'],
  ASSIGNED: ['READY'],
  READY: ['RESETTING'],
  RESETTING: ['READY', 'VALIDATING', 'QUARANTINED'],
  QUARANTINED: [],
  DELETING: [],
};

/** Whether a unit may go from the one state to the other. */
export const mayFollow = (from: UnitState, to: UnitState): boolean => to === 'DELETING' || NEXT[from].includes(to);

const CLONE_STATES: Readonly<Record<UnitState, CloneState>> = {
  CREATING: 'creating',
  VALIDATING: 'creating',
  WARM: 'creating',
  ASSIGNED: 'creating',
  READY: 'ready',
  RESETTING: 'resetting',
  QUARANTINED: 'failed',
  DELETING: 'failed',
};

/** How the rest of wpclone calls it. */
export const cloneStateOf = (state: UnitState, expired: boolean): CloneState =>
  state === 'READY' && expired ? 'expired' : CLONE_STATES[state];

/** What the holder of a lease is doing with the unit; nobody has a lease of one in another state. */
const DOING: Partial<Record<UnitState, string>> = {
  CREATING: 'made',
  VALIDATING: 'checked',
  ASSIGNED: 'made',
  RESETTING: 'reset',
  DELETING: 'removed',
};

/** Whether a unit in this state is one that a job works on. */
export const isWorkedOn = (state: UnitState): boolean => DOING[state] !== undefined;

/** BUSY, saying what a unit's holder is doing; `name` is what the caller calls it, `holder` who it is, in words. */
export function unitBusy(name: string, state: UnitState | undefined, holder = ''): WpcloneError {
  const doing = (state && DOING[state]) ?? 'changed';
  const message = `${name} is being ${doing} by another wpclone${holder === '' ? '' : ` (${holder})`}.`;
  return new WpcloneError('BUSY', message, { retryable: true, details: { name } });
}

/** NOT_FOUND, in the same words on all runtimes. */
export const noSuchUnit = (name: string): WpcloneError =>
  new WpcloneError('NOT_FOUND', `There is no unit called ${name}.`);

/** A name for a unit that no clone has: names of clones are chosen by people, and may look like anything. */
export const newUnitName = ({ randomBytes }: Pick<WorkContext, 'randomBytes'>): string =>
  `unit-${randomBytes(5).toString('hex')}`;

/** creating → ready → (resetting → ready) → gone. `failed` is only seen when a clean-up could not finish. */
export type CloneState = 'creating' | 'ready' | 'resetting' | 'expired' | 'failed';
