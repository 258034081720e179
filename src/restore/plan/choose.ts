import { WpcloneError } from '../../shared/errors.ts';
import { globMatcher } from '../../transfer/glob.ts';

/** How a thing may be called by whoever asks for it. */
export interface Names {
  /** `page`, `option`, `plugin`. */
  readonly kind: string;
  /** `content`, `settings`, `code`: all of them. */
  readonly group: string;
  /** Its number, slug, path. */
  readonly names: readonly string[];
}

export type Chosen = 'yes' | 'no' | 'named';

/**
 * Compiles `--only` and `--skip`: `KIND:NAME`, where the kind may be a group and the name may hold `*`. Throws BAD_INPUT for what has not
 * that form.
 */
export function compileChoice(only: readonly string[], skip: readonly string[]): (names: Names) => Chosen {
  const [wanted, unwanted] = [only.map(patternOf), skip.map(patternOf)];
  return (names) => {
    if (unwanted.some((pattern) => pattern.fits(names))) return 'no';
    const fitting = wanted.filter((pattern) => pattern.fits(names));
    if (fitting.some(({ exact }) => exact)) return 'named';
    return wanted.length === 0 || fitting.length > 0 ? 'yes' : 'no';
  };
}

function patternOf(text: string): { readonly exact: boolean; readonly fits: (names: Names) => boolean } {
  const [, kind = '', name = ''] = /^([\w-]+)(?::(.+))?$/.exec(text) ?? [];
  if (kind === '')
    throw new WpcloneError(
      'BAD_INPUT',
      `"${text}" is not KIND:NAME, such as page:about, option:blogname or plugin:forms.`,
    );
  const matcher = name === '' ? () => true : globMatcher(name);
  return {
    exact: name !== '' && !/[*?]/.test(name),
    fits: (names) => (names.kind === kind || names.group === kind) && names.names.some((each) => matcher(each)),
  };
}
