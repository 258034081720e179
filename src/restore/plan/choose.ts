import { WpcloneError } from '../../shared/errors.ts';
import { globMatcher } from '../../transfer/glob.ts';
import type { PlanPolicy } from './schema.ts';

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

export interface WatchedChoice {
  readonly choose: (names: Names) => Chosen;
  /** Flags with their patterns that fit nothing of what was asked for, and none of `others`. */
  readonly unmatched: (others: readonly Names[]) => readonly string[];
}

/** As `compileChoice`, and remembers which patterns fit something: one that is misspelled chooses what nobody meant. */
export function watchChoice({ only, skip }: Pick<PlanPolicy, 'only' | 'skip'>): WatchedChoice {
  const compiled = compileChoice(only, skip);
  const flags = [...only.map((text) => ['--only', text] as const), ...skip.map((text) => ['--skip', text] as const)];
  let open = flags.map(([flag, text]) => ({ said: `${flag} ${text}`, fits: patternOf(text).fits }));
  const see = (names: Names): void => {
    if (open.length > 0) open = open.filter(({ fits }) => !fits(names));
  };
  return {
    choose: (names) => {
      see(names);
      return compiled(names);
    },
    unmatched: (others) => {
      for (const names of others) see(names);
      return open.map(({ said }) => said);
    },
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
