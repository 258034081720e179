import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { KubernetesOptions } from '../options.ts';

/** Milliseconds that provisioning waits to learn the source's PHP version; a known source has told it by then. */
const VERSION_PATIENCE = 2000;

const namedImage = (options: KubernetesOptions, php: string, version: string): string =>
  options.images[php] ?? `docker.io/wpclone/instance:${version}-php${php}`;

/** Who names images has these and no others. */
function choicesOf(options: KubernetesOptions): readonly string[] {
  const named = Object.keys(options.images);
  return named.length === 0 ? [options.defaultPhp] : named;
}

const usualVersion = (options: KubernetesOptions): string => nearestVersion(options.defaultPhp, choicesOf(options));

/** The PHP versions that instances can have, the usual one first; '' where one image serves all, which nobody has looked into. */
export function versionsOf(options: KubernetesOptions): readonly string[] {
  if (options.image !== undefined) return [''];
  return [...new Set([usualVersion(options), ...choicesOf(options)])];
}

/** The image that is used when nothing speaks for another. */
export const defaultImage = (options: KubernetesOptions, version: string): string =>
  options.image ?? namedImage(options, usualVersion(options), version);

export interface ChosenImage {
  readonly image: string;
  /** `8.2`; undefined when one image serves all and nobody said what is in it. */
  readonly php: string | undefined;
}

/** The image whose PHP is the nearest to the source's, as far as that is known in time, or the one that is asked for. Throws PHP_VERSION_MISSING. */
export async function chooseImage(
  options: KubernetesOptions,
  version: string,
  phpVersion: Promise<string | undefined> | undefined,
  context: Pick<WorkContext, 'signal' | 'sleep'>,
  asked?: string,
): Promise<ChosenImage> {
  if (asked !== undefined) return { image: imageWith(asked, options, version), php: asked };
  if (options.image !== undefined) return { image: options.image, php: undefined };
  const choices = choicesOf(options);
  const wanted = choices.length === 1 ? undefined : await inTime(phpVersion, context);
  const php = wanted === undefined ? usualVersion(options) : nearestVersion(wanted, choices);
  return { image: namedImage(options, php, version), php };
}

/** The image of a PHP that somebody insists on. */
function imageWith(php: string, options: KubernetesOptions, version: string): string {
  const named = Object.keys(options.images);
  if (options.image === undefined && (named.length === 0 || named.includes(php)))
    return namedImage(options, php, version);
  const said =
    options.image === undefined
      ? `There are images for PHP ${named.join(', ')} (kubernetes.images), but none for ${php}.`
      : `One image serves all clones (kubernetes.image); it cannot be told whether it has PHP ${php}. Name one for each version under kubernetes.images.`;
  throw new WpcloneError('PHP_VERSION_MISSING', said);
}

async function inTime(
  phpVersion: Promise<string | undefined> | undefined,
  context: Pick<WorkContext, 'signal' | 'sleep'>,
): Promise<string | undefined> {
  if (phpVersion === undefined) return undefined;
  const waiting = new AbortController();
  const signal = AbortSignal.any([context.signal, waiting.signal]);
  const tooLate = context.sleep(VERSION_PATIENCE, signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([phpVersion, tooLate]);
  } finally {
    waiting.abort();
  }
}

/** The oldest that is not older than wanted, since old code mostly runs on a newer PHP; else the newest that there is. */
export function nearestVersion(wanted: string, choices: readonly string[]): string {
  const sorted = [...choices].sort((a, b) => rank(a) - rank(b));
  return sorted.find((choice) => rank(choice) >= rank(wanted)) ?? sorted.at(-1) ?? wanted;
}

/** Major and minor as one number. */
function rank(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return major * 1000 + minor;
}

/** Whether two PHP versions have the same major and minor number. */
export const sameBranch = (one: string, other: string): boolean => rank(one) === rank(other);
