/** The cookies of one visitor of one host. Names and values stay as they came. */
export interface Cookies {
  /** For the `cookie` header; '' when there are none. */
  header(): string;
  /** Takes in the `set-cookie` headers of an answer. */
  keep(header: string | readonly string[] | undefined): void;
  some(test: (name: string, value: string) => boolean): boolean;
}

/** Whatever path they are for: who visits one site for a moment needs no more. */
export function createCookies(first: Readonly<Record<string, string>> = {}): Cookies {
  const kept = new Map(Object.entries(first));
  return {
    header: () => [...kept].map(([name, value]) => `${name}=${value}`).join('; '),
    keep(header) {
      for (const line of [header ?? []].flat()) {
        const [pair = ''] = line.split(';');
        const at = pair.indexOf('=');
        if (at <= 0) continue;
        const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
        if (isTakenBack(value, line)) kept.delete(name);
        else kept.set(name, value);
      }
    },
    some: (test) => [...kept].some(([name, value]) => test(name, value)),
  };
}

/** WordPress takes a cookie back by a space, PHP by the word `deleted`; both date it into the past, which needs no clock to see. */
const isTakenBack = (value: string, line: string): boolean =>
  value === '' ||
  value === '%20' ||
  value === '+' ||
  value === 'deleted' ||
  /;\s*max-age=(?:0|-\d+)\s*(?:;|$)/i.test(line);
