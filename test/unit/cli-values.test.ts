import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/colors.ts';
import { checkName } from '../../src/cli/names.ts';
import { bytes, count, printable, remaining, safeJson, seconds, shellWord, table } from '../../src/shared/format.ts';
import { parseKeepJobs, parseTtl } from '../../src/cli/ttl.ts';
import { withNearClone } from '../../src/cli/near-clone.ts';
import { noSuchClone } from '../../src/shared/clone-errors.ts';
import type { WorkContext } from '../../src/shared/context.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import { errorFromReport } from '../../src/shared/wire-error.ts';

const failsWith = (code: string) => expect.objectContaining({ code });

describe('what a site wrote', () => {
  it('is the same JSON without a character that rewrites a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = safeJson({ text });
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).toBe(printable(json));
      }),
    );
    expect(safeJson({ a: '\u202e\u009b' })).toBe('{"a":"\\u202e\\u009b"}');
    expect(safeJson([1], 2)).toBe('[\n  1\n]');
  });

  it.each([
    ['wp_posts', 'wp_posts'],
    ['/a/b.log', '/a/b.log'],
    ['', "''"],
    ["a'b", "'a'\\''b'"],
    ['$(id)', "'$(id)'"],
  ])('%s is one word for a shell', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});

describe('the name of a clone that there is not', () => {
  const context = {} as WorkContext;
  const list = () => Promise.resolve([{ clone_id: 'mysite-k3f' }, { clone_id: 'shop' }]);
  const said = async (error: WpcloneError, among = list) =>
    ((await withNearClone(error, { list: among }, context)) as WpcloneError).message;

  it('gets the one named that was meant, also where an agent told of it', async () => {
    expect(await said(noSuchClone('mysite-kf3'))).toBe('There is no clone called mysite-kf3. Did you mean mysite-k3f?');
    const report = { code: 'NOT_FOUND', message: noSuchClone('shpo').message, next_steps: [] };
    expect(await said(errorFromReport(report))).toMatch(/Did you mean shop\?$/);
  });

  it('is told as it is where none is near, none can be listed, or it is about something else', async () => {
    expect(await said(noSuchClone('weather'))).toBe('There is no clone called weather.');
    const away = () => Promise.reject<Awaited<ReturnType<typeof list>>>(new Error('away'));
    expect(await said(noSuchClone('shpo'), away)).toBe('There is no clone called shpo.');
    expect(await said(new WpcloneError('NOT_FOUND', 'There is no unit called shpo.'))).toMatch(/called shpo\.$/);
  });
});

describe('a time to live', () => {
  it.each([
    ['1m', 60],
    ['30m', 1800],
    ['2h', 7200],
    ['7d', 604_800],
    ['30d', 2_592_000],
    [' 90m ', 5400],
  ])('%s is %i seconds', (text, expected) => {
    expect(parseTtl(text)).toBe(expected);
  });

  it.each(['', '0m', '59s', '30', 'm', '31d', '721h', '-5m', '1.5h', '2 h', '1h30m', '1w', '99999999m', 'forever'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseTtl(text)).toThrow(failsWith('BAD_TTL'));
    },
  );
});

describe('how long jobs are kept', () => {
  it.each([
    ['1m', 60],
    ['90d', 7_776_000],
    ['365d', 31_536_000],
  ])('may be %s, which is %i seconds', (text, expected) => {
    expect(parseKeepJobs(text)).toBe(expected);
  });

  it.each(['', '0m', '366d', '30', 'forever'])('is not "%s", which is refused in words of its own', (text) => {
    expect(() => parseKeepJobs(text)).toThrow(/^Jobs are kept for at most 365 days/);
    expect(() => parseKeepJobs(text)).toThrow(failsWith('BAD_INPUT'));
  });
});

describe('a name', () => {
  it.each(['a', 'my-site', 'site-k3f', `a${'b'.repeat(39)}`])('%s is fine', (name) => {
    expect(checkName(name)).toBe(name);
  });

  it.each(['', 'A', 'my_site', '-a', 'a-', '1a', 'a.b', 'a/b', '../x', `a${'b'.repeat(40)}`, 'ä', 'a b'])(
    '"%s" is refused',
    (name) => {
      expect(() => checkName(name)).toThrow(failsWith('BAD_INPUT'));
    },
  );
});

describe('colour', () => {
  const terminal = { isTTY: true };
  const pipe = { isTTY: false };
  it.each([
    ['a terminal has it', terminal, [], {}, true],
    ['a pipe has not', pipe, [], {}, false],
    ['a dumb terminal has not', terminal, [], { TERM: 'dumb' }, false],
    ['NO_COLOR takes it away', terminal, [], { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR does not', terminal, [], { NO_COLOR: '' }, true],
    ['FORCE_COLOR gives it to a pipe', pipe, [], { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR is above NO_COLOR', pipe, [], { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['FORCE_COLOR=0 takes it away', terminal, [], { FORCE_COLOR: '0' }, false],
    ['the flag is above all', terminal, ['--no-color'], { FORCE_COLOR: '1' }, false],
  ])('%s', (_, stream, argv, environment, expected) => {
    const colors = colorsFor(stream, argv, environment);
    expect(colors.enabled).toBe(expected);
    expect(colors.red('x') === 'x').toBe(!expected);
  });
});

describe('numbers for people', () => {
  it('are short', () => {
    expect([0, 999, 1000, 9_949, 182_000_000, 1_100_000_000, 999_600].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '9.9 kB',
      '182 MB',
      '1.1 GB',
      '1.0 MB',
    ]);
    expect(count(412_031)).toBe('412,031');
    expect([0.42, 59.9, 60, 75.4].map(seconds)).toEqual(['0.4 s', '59.9 s', '1 min 0 s', '1 min 15 s']);
    const minute = 60_000;
    expect(
      [0, 20_000, 30 * minute, 90 * minute, 150 * minute, 7 * 1440 * minute].map((end) => remaining(end, 0)),
    ).toEqual(['over', 'less than a minute', '30 min', '90 min', '2.5 h', '7 days']);
  });
});

describe('text from a site', () => {
  it('cannot move the cursor, clear the screen, or turn the writing direction', () => {
    expect(printable('a\u001b[2J\u001b]0;title\u0007b\u202ec\r\nd')).toBe('a[2J]0;titlebcd');
    expect(printable('line\n\tnext\u001b[31m', true)).toBe('line\n\tnext[31m');
  });

  it('has no control character left, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Cc}/u);
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
    expect(printable('Übergrößen 🧼 日本')).toBe('Übergrößen 🧼 日本');
  });
});

describe('a table', () => {
  it('lines its columns up by what is seen, not by colour codes', () => {
    expect(
      table([
        ['a', 'bb'],
        ['\u001b[1mccc\u001b[22m', 'd'],
      ]),
    ).toBe('a    bb\n\u001b[1mccc\u001b[22m  d');
  });
});
