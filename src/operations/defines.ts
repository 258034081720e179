import { isConstantName, isOwnConstant } from '../instance/constant-names.ts';
import type { Definitions, PhpValue } from '../instance/php-literal.ts';
import { WpcloneError } from '../shared/errors.ts';

/**
 * Constants given as `NAME=VALUE`: `true`, `false`, `null` and numbers are what they look like, all else is text, also what stands in
 * quotes. Throws BAD_INPUT, also for a constant that is a clone's own.
 */
export function parseDefines(texts: readonly string[]): Definitions {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      const name = text.slice(0, Math.max(at, 0)).trim();
      if (!isConstantName(name))
        throw bad(`--define wants NAME=VALUE, as in --define ACME_STAGE=production; not ${text}`);
      refuseOwn(name, '--define');
      return [name, valueOf(text.slice(at + 1))];
    }),
  );
}

/** The same for constants that come with their values. Throws BAD_INPUT, which calls them `field`. */
export function checkDefines(values: Definitions, field: string): Definitions {
  for (const name of Object.keys(values)) {
    if (!isConstantName(name)) throw bad(`${field}: ${JSON.stringify(name)} is not the name of a constant.`);
    refuseOwn(name, field);
  }
  return values;
}

function refuseOwn(name: string, where: string): void {
  if (isOwnConstant(name)) throw bad(`${where} ${name}: a clone has a value of its own for this constant.`);
}

const WORDS: ReadonlyMap<string, PhpValue> = new Map<string, PhpValue>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

function valueOf(text: string): PhpValue {
  const word = WORDS.get(text.toLowerCase());
  if (word !== undefined) return word;
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  if (quoted !== null) return quoted[2] ?? '';
  const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) && String(Number(text)) === text;
  return plainNumber ? Number(text) : text;
}

/** `8.2` of `8.2` or `8.2.29`. Throws BAD_INPUT. */
export function parsePhpVersion(text: string): string {
  const found = /^(\d+\.\d+)(?:\.\d+)?$/.exec(text.trim());
  if (found?.[1] === undefined) throw bad(`--php wants a version such as 8.2, not ${text}`);
  return found[1];
}

const bad = (message: string): WpcloneError => new WpcloneError('BAD_INPUT', message);
