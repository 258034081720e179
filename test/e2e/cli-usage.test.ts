import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { commandLine } from '../support/cli.ts';
import { makeTemp, run } from '../support/temp.ts';

const cli = commandLine();
afterAll(() => cli.stop());

const root = join(import.meta.dirname, '../..');
const commands = 'clone list show open extend reset delete disconnect doctor demo mail logs'.split(' ');

describe('help', () => {
  it('names every command, and not the hidden ones', async () => {
    const { stdout, code } = await cli.run(['--help']);
    expect(code).toBe(0);
    for (const name of [...commands, 'autocomplete', 'help'])
      expect(stdout).toMatch(new RegExp(`^ +${name} +\\S`, 'm'));
    expect(stdout).not.toMatch(/keeper/);
  });

  it.each(commands)('of %s has examples and the global flags', async (name) => {
    const { stdout, code } = await cli.run([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/EXAMPLES\n[\s\S]*\$ (sudo )?wpclone /);
    for (const flag of ['--json', '--quiet', '--no-color', '--debug']) expect(stdout).toContain(flag);
    expect(stdout).not.toContain('<%');
    expect(stdout).not.toMatch(/\|\s*\]|\[default:\s*\]/);
  });

  it('of clone offers no way to give a password as an argument', async () => {
    const { stdout } = await cli.run(['clone', '--help']);
    expect(stdout).toContain('--password-file=FILE');
    expect(stdout).not.toMatch(/--password\b(?!-file)/);
  });
});

describe('--version', () => {
  it('loads nothing: it works without the built code and its libraries', async () => {
    const folder = makeTemp('version');
    mkdirSync(join(folder, 'bin'));
    for (const file of ['bin/run.js', 'package.json']) cpSync(join(root, file), join(folder, file));
    const printed = await run([join(folder, 'bin/run.js'), '--version']);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(printed).toMatch(new RegExp(`^wpclone ${version.replaceAll('.', '\\.')} \\S+ node-v\\d`));
    rmSync(folder, { recursive: true });
  });
});

describe('completion', () => {
  it('of bash completes commands and flags', async () => {
    const wpclone = `${process.execPath} ${root}/bin/run.js`;
    const script = `set -e
      export HOME=${cli.environment['HOME'] ?? ''} XDG_CACHE_HOME= XDG_DATA_HOME=
      ${wpclone} autocomplete bash --refresh-cache >/dev/null 2>&1
      eval "$(${wpclone} autocomplete script bash)"
      complete -p wpclone
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _wpclone_autocomplete; echo "\${COMPREPLY[@]}"; }
      try wpclone cl
      try wpclone clone --med`;
    const printed = await run(['bash', '--norc', '-c', script]);
    expect(printed).toMatch(/^complete .*wpclone$/m);
    expect(printed).toMatch(/^clone\b/m);
    expect(printed).toMatch(/^--media$/m);
  });
});

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly next_steps: readonly string[] };
}

describe('what is not understood', () => {
  it.each([
    [['clon'], 'BAD_INPUT'],
    [['list', '--wat'], 'BAD_INPUT'],
    [['list', 'extra'], 'BAD_INPUT'],
    [['clone'], 'BAD_INPUT'],
    [['clone', 'https://a.example', '--media', 'move'], 'BAD_INPUT'],
    [['clone', 'https://a.example', '--name', 'Not A Name'], 'BAD_INPUT'],
    [['clone', 'https://a.example', '--ttl', '99d'], 'BAD_TTL'],
    [['extend', 'a', 'soon'], 'BAD_TTL'],
    [['clone', 'ftp://a.example'], 'BAD_URL'],
    [['clone', 'my site'], 'BAD_URL'],
    [['clone', ''], 'BAD_URL'],
    [['clone', 'https://a.example', '--password=hunter2'], 'PASSWORD_MISSING'],
    [['clone', 'https://a.example', '--password-file', '/does/not/exist'], 'BAD_INPUT'],
  ])('%j ends with exit code 2 and says so in text and in JSON, before any work is begun', async (args, code) => {
    const [text, json] = await Promise.all([cli.run(args), cli.run([...args, '--json'])]);
    expect([text.code, text.stdout]).toEqual([2, '']);
    expect(text.stderr).toMatch(/^✖/);
    expect(text.stderr).toContain(`(${code})`);
    expect(text.stderr).toContain('→');
    expect(text.stderr + json.stdout).not.toContain('hunter2');
    expect(json.code).toBe(2);
    const { error }: Failure = JSON.parse(json.stdout);
    expect(error.code).toBe(code);
    expect(error.message).not.toBe('');
    expect(error.next_steps.length).toBeGreaterThan(0);
  });

  it('of a command gets the one that was meant named', async () => {
    const said = async (...args: string[]): Promise<string> => (await cli.run(args)).stderr;
    expect(await said('lsit')).toContain('There is no command "lsit". Did you mean list?');
    expect(await said('cluster', 'chek')).toContain('Did you mean cluster check?');
    expect(await said('list', 'extra')).toContain('There is no command "list extra". Did you mean list?');
    expect(await said('deleet', 'mysite')).toContain('Did you mean delete?');
    expect(await said('help', 'clnoe')).toContain('Did you mean clone?');
    expect(await said('clon', 'https://my.example:81/a')).toContain('no command "clon". Did you mean clone?');
    expect(await said('weather')).toMatch(/There is no command "weather"\. \(BAD_INPUT\)/);
    expect(await said('')).toMatch(/There is no command ""\. \(BAD_INPUT\)/);
  });

  it.each([['pool'], ['cluster'], ['agent', 'token']])(
    'of a command that is cut short (%s) is its help, and in JSON an error with the commands that there are',
    async (...words) => {
      const [text, json] = await Promise.all([cli.run(words), cli.run([...words, '--json'])]);
      expect([text.code, text.stdout.includes('COMMANDS')]).toEqual([0, true]);
      const { error }: Failure = JSON.parse(json.stdout);
      expect([json.code, json.stderr, error.code]).toEqual([2, '', 'BAD_INPUT']);
      expect(error.message).toMatch(new RegExp(`"${words.join(' ')}" .*: ${words.join(' ')} \\w+, `));
    },
  );

  it('of a number says so in one line', async () => {
    const { stderr } = await cli.run(['clone', 'https://a.example', '--id-gap', 'many']);
    expect(stderr).toMatch(/^✖ --id-gap expected an integer but received: many \(BAD_INPUT\)\n/);
  });

  it('because it is missing says only what is missing', async () => {
    const { stderr } = await cli.run(['clone']);
    expect(stderr).toMatch(/^✖ Missing 1 required arg:\n +url .*\(BAD_INPUT\)\n {2}→ .*\n$/);
  });

  it('in a project file is reported with file and key', async () => {
    const folder = makeTemp('project');
    writeFileSync(join(folder, '.wpclone.yaml'), 'ttl: 1h\nruntime: docker\n');
    const failed = run([
      'sh',
      '-c',
      `cd ${folder} && WPCLONE_HOME=${cli.home} ${process.execPath} ${root}/bin/run.js list`,
    ]);
    await expect(failed).rejects.toThrow(/ended with 2:[\s\S]*\.wpclone\.yaml: runtime[\s\S]*\(BAD_CONFIG\)/);
    rmSync(folder, { recursive: true });
  });
});

describe('what is not there', () => {
  it.each([['show'], ['open'], ['reset'], ['mail'], ['logs'], ['delete', '--force'], ['extend', '1h']])(
    '%s ends with exit code 5',
    async (name, ...rest) => {
      const { code, stdout } = await cli.run([name, 'no-such-clone', ...rest, '--json']);
      const { error }: Failure = JSON.parse(stdout);
      expect([code, error.code]).toEqual([5, 'NOT_FOUND']);
    },
  );

  it.runIf(existsSync('/dev/full'))('room for the result is a failure, never silence', async () => {
    const words = `WPCLONE_HOME=${cli.home} ${process.execPath} ${root}/bin/run.js list`;
    await expect(run(['sh', '-c', `${words} >/dev/full`])).rejects.toThrow(/ended with 1:[\s\S]*\(OUTPUT_FAILED\)/);
    await expect(run(['sh', '-c', `${words} --json >/dev/full`])).rejects.toThrow(/\(OUTPUT_FAILED\)/);
  });

  it('a list of no clones is empty, and still an object in JSON', async () => {
    expect(await cli.json(['list'])).toEqual({ clones: [] });
    expect((await cli.run(['list'])).stdout).toContain('No clones');
  });

  it.each(['http://127.0.0.1:9', '127.0.0.1:9'])(
    'a site that nobody answers for (%s) ends with exit code 1 and leaves nothing',
    async (url) => {
      const { code, stdout } = await cli.run(['clone', url, '-u', 'a', '--json'], {
        environment: { WPCLONE_SOURCE_PASSWORD: 'pw-of-nobody' },
      });
      const { error }: Failure = JSON.parse(stdout);
      expect([code, error.code]).toEqual([1, 'UNREACHABLE']);
      expect(cli.leftovers()).toEqual([]);
    },
  );
});

describe('the state of a newer wpclone', () => {
  it('is refused with exit code 57', async () => {
    const other = commandLine();
    await other.json(['list']);
    const database = new Sqlite(join(other.home, 'state.db'));
    database.exec("INSERT INTO migrations VALUES (9999, 'later', 0)");
    database.close();
    const { code, stdout } = await other.run(['list', '--json']);
    const { error }: Failure = JSON.parse(stdout);
    expect([code, error.code]).toEqual([57, 'STATE_NEWER']);
    await other.stop();
  });
});

describe('doctor', () => {
  it('says what this machine has, and ends with exit code 1 when something needed is missing', async () => {
    const report = await cli.json<{ ok: boolean; checks: { name: string; ok: boolean }[] }>(['doctor']);
    expect(report.ok).toBe(true);
    expect(report.checks.map((check) => check.name)).toEqual(
      expect.arrayContaining(['node', 'mariadb', 'php', 'chromium', 'home', 'disk', 'user']),
    );
    const { code, stdout } = await cli.run(['doctor'], { environment: { WPCLONE_HOME: '/proc/nowhere' } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✖ +home/);
  });
});
