/** A key's values, base64 of each. */
export type Key = readonly string[];

interface Numbered {
  readonly isNumbered: boolean;
}

/** Whether a key comes after another, or is the first. Of keys that are no numbers only the source knows the order. */
export function isLater({ isNumbered }: Numbered, key: Key | null, before: Key | null): boolean {
  if (before === null) return true;
  if (!isNumbered || key?.length !== before.length) return false;
  const [numbers, others] = [key.map(numberOf), before.map(numberOf)];
  for (const [at, number] of numbers.entries()) {
    const other = others[at];
    if (number === undefined || other === undefined) return false;
    if (number !== other) return number > other;
  }
  return false;
}

function numberOf(value: string): bigint | undefined {
  const text = Buffer.from(value, 'base64').toString('latin1');
  return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}
