import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
// Listens to stdout when it is loaded, which has to be before `watchOutput` takes that back.
import '@oclif/core/command';
import { Config } from '@oclif/core/config';
import type * as Interfaces from '@oclif/core/interfaces';
import { run } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';
import { ERRORS } from '../shared/error-codes.ts';
import { reportOf, WpcloneError } from '../shared/errors.ts';
import { safeJson } from '../shared/format.ts';
import { colorsFor } from './colors.ts';
import { errorText } from './presenters/errors.ts';
import { toReportedError } from './usage-errors.ts';

/**
 * Runs one command line to its end and leaves the process with its exit code. `root` is the folder of package.json.
 * Commands render their own errors; what arrives here went wrong before a command was found.
 */
export async function main(argv: string[], root: URL): Promise<void> {
  // Otherwise NODE_ENV=development or test makes oclif look for a TypeScript loader.
  settings.enableAutoTranspile = false;
  const unwritable = watchOutput(process.stdout);
  let config: Config | undefined;
  try {
    config = await loadConfig(root);
    requireCommand(argv, config);
    await run(argv, config);
  } catch (error) {
    const reported = toReportedError(error, argv, commandNames(config));
    process.exitCode = ERRORS[reported.code].exit;
    if (wantsJson(argv)) {
      process.stdout.write(`${safeJson({ error: reportOf(reported) })}\n`);
    } else {
      process.stderr.write(errorText(reported, colorsFor(process.stderr, argv), argv.includes('--debug')));
    }
  }
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  // A failed write is told of a turn later.
  await setImmediate();
  const failure = unwritable();
  if (failure !== undefined) {
    process.exitCode ||= ERRORS[failure.code].exit;
    process.stderr.write(errorText(failure, colorsFor(process.stderr, argv), argv.includes('--debug')));
    await drained(process.stderr);
  }
  // What a library left open (a socket that is kept alive, a timer) must not keep the command from ending.
  process.exit();
}

/**
 * Left to itself oclif looks for its settings in a dozen places and compares every dependency with the name of every plugin, as patterns:
 * 20 to 40 ms of each command's start. It would also take plugins from a file in wpclone's own home.
 */
async function loadConfig(root: URL): Promise<Config> {
  const pjson: Interfaces.PJSON = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const { plugins = [] } = pjson.oclif;
  const dependencies = Object.fromEntries(
    Object.entries(pjson.dependencies ?? {}).filter(([name]) => plugins.includes(name)),
  );
  return Config.load({ root: fileURLToPath(root), pjson: { ...pjson, dependencies }, userPlugins: false });
}

const wantsJson = (argv: readonly string[]): boolean => argv.includes('--json') || argv.includes('--events');

/** oclif answers the name of a topic with its help, and success: a program that asked for JSON could make nothing of either. */
function requireCommand(argv: readonly string[], config: Config): void {
  if (!wantsJson(argv) || argv.includes('--help') || argv.includes('-h')) return;
  const end = argv.findIndex((word) => word.startsWith('-'));
  const [words, id] = [argv.slice(0, end), argv.slice(0, end).join(':')];
  if (config.findCommand(id) !== undefined || config.findTopic(id) === undefined) return;
  const commands = commandNames(config).filter((name) => name.startsWith(`${id}:`));
  const spoken = commands.map((name) => name.replaceAll(':', ' ')).join(', ');
  throw new WpcloneError(
    'BAD_INPUT',
    `"${words.join(' ')}" is no command by itself, but the beginning of these: ${spoken}.`,
  );
}

const commandNames = (config: Config | undefined): string[] =>
  (config?.commands ?? []).filter((command) => !command.hidden).map((command) => command.id);

/**
 * Work goes on when what it says cannot be written any more, and undoes or ends itself as it would anyway. A reader that went
 * away (`| head -1`) has read enough; anything else is what the function returned here tells.
 */
function watchOutput(stream: NodeJS.WriteStream): () => WpcloneError | undefined {
  let failure: WpcloneError | undefined;
  // oclif's own listener throws, in the middle of whatever is being done.
  stream.removeAllListeners('error');
  stream.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') return;
    failure = new WpcloneError('OUTPUT_FAILED', `The result cannot be written: ${cause.message}`, { cause });
  });
  return () => failure;
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) {
      resolve();
      return;
    }
    stream.once('close', resolve);
    stream.write('', () => resolve());
  });
}
