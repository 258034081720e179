import { fileURLToPath } from 'node:url';
import { run, settings } from '@oclif/core';
import { ERRORS, reportOf } from '../shared/errors.ts';
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
  try {
    await run(argv, fileURLToPath(root));
  } catch (error) {
    const reported = toReportedError(error, argv);
    process.exitCode = ERRORS[reported.code].exit;
    if (argv.includes('--json') || argv.includes('--events')) {
      process.stdout.write(`${JSON.stringify({ error: reportOf(reported) })}\n`);
    } else {
      process.stderr.write(errorText(reported, colorsFor(process.stderr, argv), argv.includes('--debug')));
    }
  }
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  // What a library left open (a socket that is kept alive, a timer) must not keep the command from ending.
  process.exit();
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
