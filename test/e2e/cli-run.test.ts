import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../support/agent-process.ts';
import { commandLine, openTerminal, type StartOptions } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

const cli = commandLine();
let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.117', posts: 3 });
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

interface Listed {
  readonly clone_id: string;
  readonly expires_at: string;
}
const listed = async () => (await cli.json<{ clones: Listed[] }>(['list'])).clones;
const minutesLeft = ({ expires_at: end }: Listed) => (Date.parse(end) - Date.now()) / 60_000;

/** Runs a script of sh with a clone of the source. */
const start = (flags: readonly string[], script: string, options: StartOptions = {}) =>
  cli.start(['run', source.url, '-u', source.adminUser, ...flags, '--', 'sh', '-c', script], {
    ...options,
    environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword, ...options.environment },
  });

const ASK = `
cat
for url in "$WPCLONE_CLONE_URL" "$WPCLONE_CLONE_LOGIN_URL"; do
  curl --silent --location --cookie-jar /dev/null --output /dev/null --write-out '%{http_code} %{url_effective}\\n' "$url"
done
echo "$WPCLONE_CLONE_NAME \${WPCLONE_CLONE_USERNAME%-*} \${#WPCLONE_CLONE_PASSWORD} \${WPCLONE_SOURCE_PASSWORD-unset} $1"
echo said >&2
`;

async function passesThrough(): Promise<void> {
  const running = cli.start(
    ['run', source.url, '-u', source.adminUser, '--name', 'mine', '--', 'sh', '-c', ASK, 'name', '--json'],
    { input: 'from standard input\n', environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword } },
  );
  const { stdout, stderr, code } = await running.finished;
  const [first, page, login, told, ...more] = stdout.split('\n');
  expect([first, more, code]).toEqual(['from standard input', [''], 0]);
  expect(page).toMatch(/^200 http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(login).toMatch(/^200 http:\/\/127\.0\.0\.1:\d+\/wp-admin\//);
  expect(told).toBe('mine wpclone 20 unset --json');
  expect(stderr).toMatch(/✔ verify[\s\S]*said\n$/);
  expect(cli.leftovers()).toEqual([]);
}

describe('wpclone run', () => {
  it(
    'has a clone for as long as the command runs: input, output, flags and exit code are the command’s',
    passesThrough,
  );

  it('keeps the clone of a command that failed for an hour, or as long as was said, or not at all', async () => {
    const failed = await start(['--name', 'broken'], 'exit 3').finished;
    expect([failed.code, failed.stdout]).toEqual([3, '']);
    expect(failed.stderr).toContain('broken is kept and ends in 60 min: wpclone open broken');
    const [kept] = await listed();
    expect(kept && minutesLeft(kept)).toBeGreaterThan(58);
    await cli.run(['delete', 'broken', '--force']);
    const killed = await start(['--keep-failed', '0', '--quiet'], 'kill -9 $$').finished;
    expect(killed).toMatchObject({ code: 137, stdout: '', stderr: '' });
    expect(cli.leftovers()).toEqual([]);
  });

  it.each([
    ['SIGTERM', 'trap "echo heard; exit 7" TERM', 7, 'heard\n'],
    ['SIGINT', '', 130, ''],
    ['SIGHUP', 'trap "echo heard; exit 0" HUP', 0, 'heard\n'],
  ] as const)('hands %s to the command, and removes the clone', async (signal, trap, code, stdout) => {
    const running = start([], `${trap}\necho begun >&2; while :; do sleep 0.05; done`);
    await running.seen(/begun/);
    running.process.kill(signal);
    expect(await running.finished).toMatchObject({ code, stdout });
    expect(cli.leftovers()).toEqual([]);
  });

  it('killed with -9 leaves a clone that ends two minutes after its last sign of life, whatever the command does', async () => {
    const running = start(['--name', 'orphan'], 'echo $$ >"$HOME/pid"; echo begun >&2; exec sleep 600');
    await running.seen(/begun/);
    running.process.kill('SIGKILL');
    await once(running.process, 'exit');
    onTestFinished(() => void process.kill(Number(readFileSync(join(cli.home, '../pid'), 'utf8'))));
    const [left] = await listed();
    expect(left).toMatchObject({ clone_id: 'orphan', status: 'ready' });
    expect(left && minutesLeft(left)).toBeLessThanOrEqual(2);
    await cli.run(['delete', 'orphan', '--force']);
  });

  it('ends with 125 when it fails itself, with 127 or 126 when there is nothing to be run, and then clones nothing', async () => {
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await cli.run(['run', ...args]);
      expect(stdout).toBe('');
      return [code, /\((\w+)\)/.exec(stderr)?.[1]];
    };
    expect(await run(source.url, 'true')).toEqual([125, 'BAD_INPUT']);
    expect(await run(source.url, '--')).toEqual([125, 'BAD_INPUT']);
    expect(await run(source.url, '--keep-failed', 'long', '--', 'true')).toEqual([125, 'BAD_TTL']);
    expect(await run('http://127.0.0.1:1', '-u', 'x', '--password-file', '/dev/null', '--', 'true')).toEqual([
      125,
      'PASSWORD_MISSING',
    ]);
    expect(await run(source.url, '--', 'no-such-command')).toEqual([127, 'COMMAND_NOT_FOUND']);
    expect(await run(source.url, '--', '/etc/passwd')).toEqual([126, 'COMMAND_NOT_EXECUTABLE']);
    expect(cli.leftovers()).toEqual([]);
  });

  it('interrupted before the command has begun undoes everything and ends as the signal says', async () => {
    const running = start([], 'echo never');
    await running.seen(/… database/);
    running.process.kill('SIGTERM');
    expect(await running.finished).toMatchObject({ code: 143, stdout: '' });
    expect(cli.leftovers()).toEqual([]);
  });

  it('at a terminal leaves it to the command, which hears Ctrl-C once', async () => {
    // A signal that comes just before bash waits for a line is seen to only after the line: it waits for a moment at a time.
    const wait = 'while ! read -t 0.2 x; do :; done';
    const script = `trap "echo heard-int" INT; echo listening; ${wait}; echo got-$x; sleep 0.3; exit 4`;
    const login = ['-u', source.adminUser, '--keep-failed', '0'];
    const terminal = await openTerminal(cli, ['run', source.url, ...login, '--', 'bash', '-c', script]);
    onTestFinished(() => terminal.close());
    await terminal.shows(/^listening/m);
    await terminal.type('C-c');
    await terminal.shows(/heard-int/);
    await terminal.type('word', 'Enter');
    const shown = await terminal.shows(/\[exit 4\]/);
    expect(shown).toContain('got-word');
    expect(shown.match(/heard-int/g)).toHaveLength(1);
  });

  it('does the same through the agent of its home', async () => {
    const agent = await startAgent(cli);
    await passesThrough();
    const failed = await start(['--name', 'broken'], 'exit 3').finished;
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringContaining('broken is kept')]);
    const running = start([], 'exec sleep 600');
    await running.seen(/… database/);
    running.process.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
    expect(await listed()).toMatchObject([{ clone_id: 'broken' }]);
    await agent.end('SIGTERM');
  });
});
