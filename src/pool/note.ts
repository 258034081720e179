import { z } from 'zod';
import { parseJson } from '../shared/json.ts';

/** What happened to a unit, or to the pool. */
const eventSchema = z.object({
  /** Milliseconds since the epoch. */
  at: z.number(),
  what: z.enum(['made', 'not-made', 'handed-out', 'missed', 'retired', 'quarantined', 'recycled', 'changed']),
  /** Null where it is about none. */
  unit: z.string().nullable(),
  why: z.string(),
  /** How long it took. */
  seconds: z.number().optional(),
  /** What came of a recycling: proven clean, not clean by these checks, or not to be told. */
  result: z.enum(['clean', 'dirty', 'unproven']).optional(),
  checks: z.array(z.string()).readonly().optional(),
});
export type PoolEvent = z.infer<typeof eventSchema>;

/** A clone that was begun: in a unit that was ready, or in one that had to be made. */
const claimSchema = z.object({ at: z.number(), php: z.string(), warm: z.boolean() });

/** What the keeper of a pool has seen and done, for the next one and for all who look. Only its keeper writes it. */
const noteSchema = z.object({
  /** Who keeps the pool, in words; null when nobody does any more. */
  keeper: z.string().nullable(),
  /** When it last looked; milliseconds since the epoch, as are all times. */
  lookedAt: z.number(),
  /** By PHP version: how many idle units there should be, and why. */
  sizes: z.record(z.string(), z.object({ units: z.number(), why: z.string() })),
  /** Why nothing is made now; null when nothing keeps it from that. */
  heldUp: z.string().nullable(),
  /** By PHP version. */
  breakers: z.record(
    z.string(),
    z.object({ failures: z.number(), pausedUntil: z.number(), reason: z.string().nullable() }),
  ),
  /** By PHP version: how long the last ones took to make, in milliseconds. */
  refills: z.record(z.string(), z.array(z.number())),
  claims: z.array(claimSchema),
  /** Which clones were in which units at the last look: the others were not counted yet. Absent: nobody has written it down. */
  held: z.array(z.string()).readonly().exactOptional(),
  /** Clones since counting began. */
  counted: z.object({ since: z.number(), warm: z.number(), made: z.number() }),
  /** Oldest first. */
  events: z.array(eventSchema),
});
export type PoolNote = z.infer<typeof noteSchema>;

export const newNote = (now: number): PoolNote => ({
  keeper: null,
  lookedAt: 0,
  sizes: {},
  heldUp: null,
  breakers: {},
  refills: {},
  claims: [],
  counted: { since: now, warm: 0, made: 0 },
  events: [],
});

/** What stands in the document; a new one where there is none, or one that another version wrote in its own way. */
export const readNote = (content: string | undefined, now: number): PoolNote =>
  noteSchema.safeParse(parseJson(content ?? '')).data ?? newNote(now);

/** Milliseconds after which a keeper that has not looked is taken for gone; a living one writes more often. */
const GONE = 60_000;

/** Whether somebody keeps the pool, as far as the note tells. */
export const isKept = ({ keeper, lookedAt }: PoolNote, now: number): boolean =>
  keeper !== null && Math.abs(now - lookedAt) < GONE;
