import { styleText } from 'node:util';

type Paint = (text: string) => string;

export interface Colors {
  readonly enabled: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** Whether to colour what goes to `stream`: the flag decides, then FORCE_COLOR, then NO_COLOR, then whether it is a terminal. */
export function colorsFor(
  stream: { readonly isTTY?: boolean },
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Colors {
  return colors(decide(stream, argv, environment));
}

function decide(
  stream: { readonly isTTY?: boolean },
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): boolean {
  if (argv.includes('--no-color')) return false;
  const force = environment['FORCE_COLOR'];
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  // https://no-color.org: present and not empty, whatever its value.
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}

function colors(enabled: boolean): Colors {
  const paint =
    (format: Parameters<typeof styleText>[0]): Paint =>
    (text) =>
      enabled ? styleText(format, text, { validateStream: false }) : text;
  return {
    enabled,
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}
