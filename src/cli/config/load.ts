import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type * as Yaml from 'yaml';
import type { z } from 'zod';
import { WpcloneError } from '../../shared/errors.ts';
import { settingProblem } from '../../shared/setting-words.ts';
import { nearest } from '../nearest.ts';
import { ENVIRONMENT, EXAMPLES, KUBERNETES_PREFIX, settingsSchema, type Settings, USER_ONLY } from './schema.ts';

/** What settings depend on outside of the command line; passed in, so that tests need no process of their own. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly workingFolder: string;
}

const PROJECT_FILES = ['.wpclone.yaml', '.wpclone.yml', '.wpclone.json'];
const USER_FILES = ['config.yaml', 'config.yml', 'config.json'];

/** WPCLONE_HOME, or `wpclone` in the XDG data folder (XDG Base Directory Specification 0.8). */
export function wpcloneHome(environment: NodeJS.ProcessEnv): string {
  const home = environment['WPCLONE_HOME'];
  return home ? resolve(home) : join(xdgFolder(environment, 'XDG_DATA_HOME', '.local/share'), 'wpclone');
}

/** What is set outside the command line: environment, then project file, then user file. Throws BAD_CONFIG, which names the file and the key. */
export function loadSettings(surroundings: Surroundings): Settings {
  const { environment, workingFolder } = surroundings;
  const user = readFirst(join(xdgFolder(environment, 'XDG_CONFIG_HOME', '.config'), 'wpclone'), USER_FILES);
  const project = projectFolders(workingFolder)
    .map((folder) => readFirst(folder, PROJECT_FILES, USER_ONLY))
    .find((found) => found !== undefined);
  const layers = [user ?? {}, project ?? {}, fromEnvironment(environment)];
  const kubernetes = Object.assign({}, ...layers.map((layer) => layer.kubernetes ?? {}));
  const pool = Object.assign({}, ...layers.map((layer) => layer.pool ?? {}));
  return { ...Object.assign({}, ...layers), kubernetes, pool };
}

/** The XDG specification has relative paths ignored. */
function xdgFolder(environment: NodeJS.ProcessEnv, variable: string, fallback: string): string {
  const [value, home] = [environment[variable], environment['HOME']].map((path) =>
    path?.startsWith('/') === true ? path : undefined,
  );
  return value ?? join(home ?? userInfo().homedir, fallback);
}

/** The working folder and those above it up to the root of its Git repository; outside of one only the working folder. */
function projectFolders(workingFolder: string): string[] {
  const folders: string[] = [];
  for (let folder = resolve(workingFolder); ; folder = dirname(folder)) {
    folders.push(folder);
    if (existsSync(join(folder, '.git'))) return folders;
    if (dirname(folder) === folder) return folders.slice(0, 1);
  }
}

/** `refused`: settings that may not stand there. */
function readFirst(
  folder: string,
  names: readonly string[],
  refused: readonly (keyof Settings)[] = [],
): Settings | undefined {
  const file = names.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) return undefined;
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8')) ?? {};
  } catch (cause) {
    throw new WpcloneError('BAD_CONFIG', `${file} cannot be read: ${firstLine(cause)}`, { cause });
  }
  const settings = check(content, (key) => (key === '' ? file : `${file}: ${key}`));
  const wrong = refused.find((key) => settings[key] !== undefined);
  if (wrong === undefined) return settings;
  throw new WpcloneError(
    'BAD_CONFIG',
    `${file}: ${wrong} may only stand in your own configuration file, not in one that comes with a repository.`,
  );
}

/** Most people have no such file, and the library is large. */
function parseYaml(text: string): unknown {
  const { parse }: typeof Yaml = createRequire(import.meta.url)('yaml');
  return parse(text);
}

/** Whether a setting is a list of words: in the environment they stand with commas between them. */
const isList = (key: keyof Settings): boolean => settingsSchema.shape[key].safeParse(['word']).success;

function fromEnvironment(environment: NodeJS.ProcessEnv): Settings {
  const values: Record<string, unknown> = {};
  const variables = new Map<string, string>();
  for (const [variable, key] of Object.entries(ENVIRONMENT)) {
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    values[key] = isList(key) ? value.split(',').map((part) => part.trim()) : value;
    variables.set(key, variable);
  }
  const kubernetes = Object.entries(environment).flatMap(([variable, value]) =>
    variable.startsWith(KUBERNETES_PREFIX) && value
      ? [[camelCase(variable.slice(KUBERNETES_PREFIX.length)), fromVariable(variable, value)]]
      : [],
  );
  if (kubernetes.length > 0) values['kubernetes'] = Object.fromEntries(kubernetes);
  return check(values, (key) => variables.get(key) ?? key);
}

/** Lists and maps are written as in a file, on one line: `[a, b]`, `{ pool: staging }`. */
function fromVariable(variable: string, value: string): unknown {
  if (!/^[[{]/.test(value)) return value;
  try {
    return parseYaml(value);
  } catch (cause) {
    throw new WpcloneError('BAD_CONFIG', `${variable} cannot be read: ${firstLine(cause)}`, { cause });
  }
}

/** Without the colon before the lines of the file that the library shows. */
const firstLine = (error: unknown): string =>
  ((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '').replace(/:$/, '');

function check(content: unknown, nameOf: (key: string) => string): Settings {
  const result = settingsSchema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue?.path.join('.') ?? '';
  throw new WpcloneError(
    'BAD_CONFIG',
    `${nameOf(key)}: ${issue === undefined ? 'not understood.' : inOurWords(issue)}`,
  );
}

function inOurWords(issue: z.core.$ZodIssue): string {
  const [key] = issue.path;
  if (issue.code === 'unrecognized_keys') {
    const meant = key === undefined ? nearest(issue.keys[0] ?? '', Object.keys(settingsSchema.shape)) : undefined;
    return `${settingProblem(issue)}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`;
  }
  if (issue.code === 'custom' || issue.code === 'invalid_value') return `${settingProblem(issue)}.`;
  const example = isSetting(key) ? `${key}: ${EXAMPLES[key]}` : 'ttl: 30m';
  return `${settingProblem(issue)}, such as "${example}".`;
}

const isSetting = (key: PropertyKey | undefined): key is keyof Settings => key !== undefined && key in EXAMPLES;

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
