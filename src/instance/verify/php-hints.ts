/** What a constant that is not there is called in PHP 8 and in PHP 7.4. */
const CONSTANTS = /Undefined constant "([\w\\\u0080-\uffff]+)"|Use of undefined constant ([\w\\\u0080-\uffff]+) - /g;

/** A plugin, must-use plugin or theme, by a path below the content folder. */
const PART = /\/(mu-plugins|plugins|themes)\/([^/\s:]+)/;
const KINDS: Readonly<Record<string, string>> = { plugins: 'plugin', 'mu-plugins': 'must-use plugin', themes: 'theme' };

/** What the lines of PHP's error log mean and what to do, in whole sentences with a space in front; '' when nothing is known of them. */
export function hintsOf(lines: readonly string[]): string {
  const text = lines.join('\n');
  const missing = [...text.matchAll(CONSTANTS)].map(([, eight, seven]) => eight ?? seven ?? '');
  const parts = lines.filter((line) => /PHP (?:Fatal|Parse)/.test(line)).map(partOf);
  return [
    ...[...new Set(parts.filter((part) => part !== undefined))].map(
      (part) => ` It is the code of ${part} that failed.`,
    ),
    ...[...new Set(missing)].map(
      (name) => ` The clone lacks the constant ${name}: --define ${name}=VALUE gives it one.`,
    ),
  ].join('');
}

function partOf(line: string): string | undefined {
  const [, folder = '', name] = PART.exec(line) ?? [];
  const kind = KINDS[folder];
  return kind === undefined || name === undefined ? undefined : `the ${kind} ${name}`;
}
