import { z } from 'zod';
import { WpcloneError } from '../shared/errors.ts';
import type { RuntimeKind } from '../runtime/facts.ts';
import { type PoolSizes, poolSizesSchema } from './sizes.ts';
import type { PoolSpec } from './types.ts';

/** What was said with `wpclone pool`: it stands until something else is said, also when the agent is started again. */
const storedSchema = poolSizesSchema.extend({
  mode: z.enum(['running', 'paused', 'draining']).default('running'),
  /** Units made before are replaced; milliseconds since the epoch. */
  madeAfter: z.number().default(0),
});
export type StoredPoolSpec = z.infer<typeof storedSchema>;

/** Throws STATE_NEWER for one that is not understood: what people said is not thrown away. */
export function readPoolSpec(content: string | undefined): StoredPoolSpec {
  const parsed = storedSchema.safeParse(content === undefined ? {} : JSON.parse(content));
  if (parsed.success) return parsed.data;
  throw new WpcloneError('STATE_NEWER', 'A newer wpclone has said how the pool is to be.', { cause: parsed.error });
}

/** An empty local unit saves next to nothing, and costs memory on somebody's own machine. */
const USUAL: Readonly<Record<RuntimeKind, { readonly min: number; readonly max: number; readonly most: number }>> = {
  local: { min: 0, max: 0, most: 20 },
  kubernetes: { min: 1, max: 2, most: 100 },
};

/** With what is wanted and cannot be. */
export interface ResolvedPoolSpec extends PoolSpec {
  /** Sub-pools that stay empty, and why. */
  readonly lacking: readonly { readonly php: string; readonly why: string }[];
}

/**
 * How a pool is to be: what was said with `wpclone pool` before what the settings say, and both before what is usual. `versions` are
 * the runtime's. Throws BAD_INPUT.
 */
export function resolvePoolSpec(
  stored: StoredPoolSpec,
  settings: PoolSizes,
  kind: RuntimeKind,
  versions: readonly string[],
): ResolvedPoolSpec {
  const usual = USUAL[kind];
  const said = { ...settings, ...stored };
  const min = said.min ?? Math.min(usual.min, said.max ?? usual.min);
  const max = said.max ?? Math.max(usual.max, min);
  if (min > max) throw new WpcloneError('BAD_INPUT', `The pool is to have at least ${min} units and at most ${max}.`);
  const wanted = said.php ?? versions.slice(0, 1);
  const phpVersions = wanted.filter((version) => versions.includes(version));
  const lacking = wanted
    .filter((version) => !versions.includes(version))
    .map((php) => ({ php, why: `no units can be kept of it: ${whatThereIs(versions)}` }));
  const { mode, madeAfter } = stored;
  return {
    min,
    max,
    most: said.most ?? usual.most,
    recycle: said.recycle ?? 'never',
    phpVersions,
    lacking,
    mode,
    madeAfter,
  };
}

/** Refuses what somebody asks for now and cannot have; what was possible once, or is elsewhere, only stays empty. Throws BAD_INPUT. */
export function refuseLacking({ lacking }: ResolvedPoolSpec, versions: readonly string[]): void {
  if (lacking.length === 0) return;
  const php = lacking.map((each) => each.php).join(', ');
  throw new WpcloneError('BAD_INPUT', `No units can be kept of PHP ${php}: ${whatThereIs(versions)}.`);
}

function whatThereIs(versions: readonly string[]): string {
  const has = versions.filter((version) => version !== '');
  return has.length === 0 ? 'one image serves all clones (kubernetes.image)' : `there is PHP ${has.join(', ')}`;
}
