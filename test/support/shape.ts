/** JSON in which only what is the same for any clone is kept; everything else is its kind. */
export const shape = (value: unknown): unknown => shapeOf(value, KEPT);

/** JSON with every value but those of `kept` replaced by its kind. */
function shapeOf(value: unknown, kept: readonly string[], name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => shapeOf(each, kept));
  if (typeof value !== 'object' || value === null) return kept.includes(name) ? value : typeof value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, shapeOf(each, kept, key)]));
}
const KEPT = [
  'clone_id',
  'status',
  'runtime',
  'verified',
  'code',
  'message',
  'next_steps',
  'connected_by',
  'deleted',
  'items',
  'undone',
  'removed',
  'tables',
  'type',
];
