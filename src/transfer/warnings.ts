import type { Warning, WarningCode } from '../shared/events.ts';

const SHOWN_PER_CODE = 20;

export interface WarningCollector {
  /** The same words are kept once. */
  add(code: WarningCode, message: string): void;
  /** At most twenty of each code, and one more that says how many were left out. */
  list(): readonly Warning[];
}

/** A site can give rise to any number of warnings; what is kept of them is bounded. */
export function collectWarnings(): WarningCollector {
  const shown: Warning[] = [];
  const seen = new Map<WarningCode, number>();
  return {
    add: (code, message) => {
      if (shown.some((warning) => warning.code === code && warning.message === message)) return;
      const count = (seen.get(code) ?? 0) + 1;
      seen.set(code, count);
      if (count <= SHOWN_PER_CODE) shown.push({ code, message });
    },
    list: () => [
      ...shown,
      ...[...seen]
        .filter(([, count]) => count > SHOWN_PER_CODE)
        .map(([code, count]) => ({ code, message: `… and ${count - SHOWN_PER_CODE} more like these.` })),
    ],
  };
}

/** A name from a site, safe to print: control characters are shown as JSON escapes, bytes that are no text as \\xE9, and a long name is cut. */
export function escapedName(name: string): string {
  const safe = JSON.stringify(name)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll(/\\udc([89a-f][0-9a-f])/g, String.raw`\x$1`);
  return safe.length > 200 ? `${safe.slice(0, 200)}…` : safe;
}
