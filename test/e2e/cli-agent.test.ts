import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { commandLine, type CommandLine, openTerminal } from '../support/cli.ts';
import { sqlOfClone } from '../support/clone-sql.ts';
import { optionOf } from '../support/restore.ts';
import { shape } from '../support/shape.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let agent: AgentProcess;
/** In the home of the agent. */
let owner: CommandLine;
let direct: CommandLine;
/** A command line with another home, whose work the agent does. */
let remote: CommandLine;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.115', posts: 3 });
  [owner, direct] = [commandLine(), commandLine()];
  agent = await startAgent(owner, [], () => undefined);
  remote = through(commandLine(), agent.token);
});
afterAll(async () => {
  await agent.end('SIGTERM');
  await Promise.all([owner.stop(), direct.stop(), remote.stop()]);
  await source.stop();
});

const titleOf = (): Promise<unknown> => optionOf(source, 'blogname');
const newest = async () => (await remote.json<{ jobs: Job[] }>(['jobs', '--limit', '1'])).jobs[0];
interface Job {
  readonly job_id: string;
  readonly status: string;
  readonly error: { readonly code: string } | null;
}
const tokenOf = async (customer: string): Promise<string> => {
  const args = ['agent', 'token', 'create', customer, '--scope', 'read', '--scope', 'clone', '--customer', customer];
  return (await owner.json<{ token: string }>(args)).token;
};

function through(cli: CommandLine, token: string): CommandLine {
  const asked = { WPCLONE_AGENT: String(agent.url), WPCLONE_AGENT_TOKEN: token };
  const start: CommandLine['start'] = (args, options = {}) =>
    cli.start(args, { ...options, environment: { ...asked, ...options.environment } });
  const run: CommandLine['run'] = (args, options) => start(args, options).finished;
  const json: CommandLine['json'] = async (args, options) => {
    const { stdout, stderr, code } = await run([...args, '--json'], options);
    if (code !== 0) throw new Error(`wpclone ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  };
  return { ...cli, environment: { ...cli.environment, ...asked }, start, run, json };
}

/** Everything that can be done with a clone, which lies in the home of `keeper`; what each command printed and ended with, in a form that is the same for any clone. */
async function life(cli: CommandLine, keeper: CommandLine): Promise<readonly unknown[]> {
  const said: unknown[] = [];
  const run = async (...args: string[]) => {
    const { stdout, code } = await cli.run(args, { input: `${source.adminPassword}\n` });
    const anonymous = stdout.replaceAll(/rst-(?!aaa)[a-z2-7]{8}/g, 'rst-');
    const lines = anonymous.trim().split('\n');
    const texts = args.includes('--events') ? [lines.at(-1) ?? ''] : args.includes('--json') ? [anonymous] : [];
    said.push([
      args.slice(0, args[0] === 'restore' ? 2 : 1),
      code,
      texts.map((text) => shape(JSON.parse(text, withoutChores))),
    ]);
    return stdout;
  };
  const login = ['-u', source.adminUser, '--password-file', '-'];
  await run(
    'clone',
    source.url,
    ...login,
    '--name',
    'one',
    '--exclude-table',
    '*_comments',
    '--define',
    'ACME=1',
    '--events',
  );
  await run('clone', source.url, ...login, '--name', 'one', '--json');
  await run('list', '--json');
  const shown = await run('show', 'one', '--show-password', '--json');
  expect(JSON.parse(shown).password).toMatch(/^\S{12,}$/);
  await run('show', 'one', '--json');
  await run('extend', 'one', '2h', '--json');
  await sqlOfClone(keeper, "UPDATE wp_options SET option_value = 'From the clone' WHERE option_name = 'blogname'");
  await run('restore', 'one', '--dry-run', '--json');
  await run('restore', 'one', ...login, '--yes', '--events');
  expect(await titleOf()).toBe('From the clone');
  const [restore = ''] = /rst-[a-z2-7]{8}/.exec(await run('restore', 'list', '--json')) ?? [];
  await run('restore', 'undo', restore, ...login, '--yes', '--json');
  expect(await titleOf()).not.toBe('From the clone');
  await run('restore', 'accept', restore, ...login, '--yes', '--json');
  await run('restore', 'show', 'rst-aaaaaaaa', '--json');
  await run('reset', 'one', '--json');
  await run('mail', 'one', '--json');
  await run('clone', source.url, ...login, '--name', 'one', '--replace', '--json');
  await run('list', '--json');
  const link = await run('open', 'one', '--print');
  expect((await fetch(link.trim())).status).toBe(200);
  expect(await run('logs', 'one')).not.toBe('');
  await run('delete', 'one', '--json');
  await run('delete', 'one', '--force', '--json');
  await run('delete', 'one', '--force', '--json');
  await run('reset', 'none', '--json');
  await run('disconnect', source.url, '--json');
  await run('clone', source.url, '-u', source.adminUser, '--json', '--password-file', '/dev/null');
  await run('clone', source.url, '--json');
  await run('gc', '--json');
  return said;
}

/** What WordPress does by itself in the meantime, such as its cron, is in the plan of one clone and not of the other. */
const withoutChores = (_: string, value: unknown): unknown =>
  Array.isArray(value)
    ? value.filter((each: { kept?: { code?: string; class?: string } } | null) =>
        [each?.kept?.class, each?.kept?.code].every((why) => why !== 'machine' && why !== 'NOISE'),
      )
    : value;

describe('every command', () => {
  it('says and ends the same through an agent as in its own process', { timeout: 600_000 }, async () => {
    const there = await life(remote, owner);
    const here = await life(direct, direct);
    // One by one, so that the end of a long log names the command.
    const text = (said: readonly unknown[]) => said.map((each) => JSON.stringify(each));
    for (const [index, said] of text(there).entries()) expect(said).toBe(text(here)[index]);
    expect(there).toHaveLength(here.length);
    expect(remote.leftovers()).toEqual([]);
  });

  it('fails with the agent’s error and its exit code, the log-in’s too', async () => {
    const { stdout, code } = await remote.run(
      ['clone', source.url, '-u', source.adminUser, '--password-file', '-', '--json'],
      { input: 'wrong' },
    );
    expect([code, JSON.parse(stdout).error.code]).toEqual([4, 'LOGIN_FAILED']);
  });
});

describe('a job that is not waited for', () => {
  it('is listed, watched to its end, cancelled and done again', async () => {
    const taken = await remote.json<{ job_id: string }>([
      'clone',
      source.url,
      '-u',
      source.adminUser,
      '--name',
      'later',
      '--no-wait',
    ]);
    const lacking = await remote.run(['jobs', 'watch', taken.job_id, '--json']);
    expect([lacking.code, JSON.parse(lacking.stdout).error.code]).toEqual([4, 'LOGIN_NEEDED']);
    const again = await remote.json<{ job_id: string }>(['jobs', 'retry', taken.job_id, '--password-file', '-'], {
      input: source.adminPassword,
    });
    const watched = await remote.run(['jobs', 'watch', again.job_id]);
    expect([watched.code, watched.stderr]).toEqual([0, expect.stringMatching(/✔ verify/)]);
    const shown = await remote.json<{ result: object }>(['jobs', 'show', again.job_id]);
    expect(shown).toMatchObject({ status: 'completed', clone_id: 'later', result: { status: 'ready' } });
    expect(Object.keys(shown.result)).not.toContain('password');
    const listed = await remote.json<{ jobs: object[] }>(['jobs', '--limit', '2']);
    expect(listed.jobs).toMatchObject([{ job_id: again.job_id }, { job_id: taken.job_id, status: 'failed' }]);
    const following = remote.start(['logs', 'later', '--follow']);
    await following.seen(/\S/);
    following.process.kill('SIGINT');
    expect((await following.finished).code).toBe(130);
    const late = await remote.run(['jobs', 'cancel', again.job_id, '--json']);
    expect([late.code, JSON.parse(late.stdout).error.code]).toEqual([5, 'JOB_ENDED']);
    const gone = await remote.json<{ job_id: string }>(['delete', 'later', '--force', '--no-wait']);
    expect((await remote.run(['jobs', 'watch', gone.job_id])).code).toBe(0);
  });
});

describe('Ctrl-C', () => {
  const clone = (name: string) => ['clone', source.url, '-u', source.adminUser, '--password-file', '-', '--name', name];

  it('without a terminal cancels the job, and waits until it is undone', async () => {
    const running = remote.start(clone('cut'), { input: source.adminPassword });
    await running.seen(/… database/);
    running.process.kill('SIGTERM');
    expect((await running.finished).code).toBe(143);
    expect(await newest()).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } });
    expect(await remote.json(['list'])).toEqual({ clones: [] });
  });

  it('at a terminal asks: the password is asked for once it is needed, and the job may be left running', async () => {
    await remote.run(['disconnect', source.url]);
    const terminal = await openTerminal(remote, ['clone', source.url, '-u', source.adminUser, '--name', 'left']);
    try {
      await terminal.shows(/Password of/);
      await terminal.type(source.adminPassword, 'Enter');
      await terminal.shows(/provision/);
      await expect.poll(async () => (await newest())?.status).toBe('running');
      await terminal.type('C-c');
      await terminal.shows(/Leave it running/);
      await terminal.type('Down', 'Enter');
      expect(await terminal.shows(/\[exit \d+\]/)).toMatch(/\(JOB_LEFT\)[\s\S]*\[exit 130\]/);
    } finally {
      await terminal.close();
    }
    expect((await remote.run(['jobs', 'watch', (await newest())?.job_id ?? ''])).code).toBe(0);
    expect((await remote.run(['delete', 'left', '--force'])).code).toBe(0);
  });
});

describe('an agent', () => {
  const refused = async (args: string[], cli = remote, environment: NodeJS.ProcessEnv = {}) => {
    const { stdout, code } = await cli.run([...args, '--json'], { environment });
    return [code, JSON.parse(stdout).error.code];
  };

  it('that is not there, not ours, or somewhere else than was said is an error that says so', async () => {
    expect(await refused(['list', '--agent', 'http://127.0.0.1:1'])).toEqual([1, 'AGENT_UNREACHABLE']);
    expect(await refused(['list', '--agent', source.url])).toEqual([1, 'AGENT_UNREACHABLE']);
    expect(await refused(['list', '--runtime', 'kubernetes'])).toEqual([2, 'AGENT_DIFFERS']);
    expect(await refused(['list', '--context', 'other'])).toEqual([2, 'AGENT_DIFFERS']);
    expect(await refused(['list', '--agent', 'http://clones.example'])).toEqual([2, 'AGENT_INSECURE']);
    expect(await refused(['list'], remote, { WPCLONE_AGENT_TOKEN: 'wpc_no' })).toEqual([4, 'UNAUTHORIZED']);
    expect(await refused(['jobs'], direct)).toEqual([5, 'NO_AGENT']);
    expect(await refused(['list', '--direct', '--agent', String(agent.url)])).toEqual([2, 'BAD_INPUT']);
    expect(await remote.json(['list', '--direct'])).toEqual({ clones: [] });
  });

  it('is used by the commands in its home, without a token, unless they are told not to', async () => {
    const first = await newest();
    expect(await owner.json(['jobs', '--limit', '1'])).toEqual({ jobs: [first] });
    expect(await owner.json(['list'])).toEqual(await remote.json(['list']));
    expect(await refused(['jobs', '--direct'], owner)).toEqual([2, 'BAD_INPUT']);
    expect(await refused(['reset', 'a', '--no-wait', '--direct'], owner)).toEqual([2, 'BAD_INPUT']);
    expect(await refused(['list'], owner, { WPCLONE_RUNTIME: 'kubernetes' })).toEqual([2, 'AGENT_DIFFERS']);
  });

  it('may die while a command waits for it: the next one goes on, and the command ends well', async () => {
    const cli = commandLine();
    onTestFinished(() => cli.stop());
    const first = await startAgent(cli);
    const args = ['clone', source.url, '-u', source.adminUser, '--password-file', '-', '--name', 'survivor', '--json'];
    const running = cli.start(args, { input: source.adminPassword });
    await running.seen(/… database/);
    await first.end('SIGKILL');
    await startAgent(cli);
    const { code, stdout, stderr } = await running.finished;
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { clone_id: 'survivor', status: 'ready' }]);
    expect(stderr).toContain('another goes on with the job');
  });

  it('knows its customers apart: what is one’s is not there for the other', async () => {
    const a = through(direct, await tokenOf('a'));
    const b = through(direct, await tokenOf('b'));
    const login = ['-u', source.adminUser, '--password-file', '-'];
    const input = { input: source.adminPassword };
    const made = await a.json<{ clone_id: string; connected_by: string }>(
      ['clone', source.url, ...login, '--name', 'of-a'],
      input,
    );
    expect(made).toMatchObject({ clone_id: 'of-a', connected_by: 'http' });
    const { jobs } = await a.json<{ jobs: { job_id: string }[] }>(['jobs']);
    const job = jobs[0]?.job_id ?? '';
    for (const args of [
      ['show', 'of-a'],
      ['open', 'of-a'],
      ['reset', 'of-a'],
      ['delete', 'of-a', '--force'],
      ['logs', 'of-a'],
      ['mail', 'of-a'],
    ])
      expect(await refused(args, b)).toEqual([5, 'NOT_FOUND']);
    for (const verb of ['show', 'watch', 'cancel', 'retry'])
      expect(await refused(['jobs', verb, job], b)).toEqual([5, 'JOB_NOT_FOUND']);
    expect(await b.json(['list'])).toEqual({ clones: [] });
    expect(await b.json(['jobs'])).toEqual({ jobs: [] });
    // A has logged in of late, and its key is remembered; it is not B's.
    expect(await a.json(['clone', source.url, '--name', 'again'])).toMatchObject({ connected_by: 'known-key' });
    expect(await refused(['clone', source.url, '-u', source.adminUser], b)).toEqual([2, 'PASSWORD_MISSING']);
    for (const name of ['of-a', 'again']) await a.json(['delete', name, '--force']);
  });

  it('is not named by a file that came with a repository', async () => {
    const folder = join(direct.environment['HOME'] ?? '', '.wpclone.yaml');
    writeFileSync(folder, `agent: ${String(agent.url)}\n`);
    try {
      expect(await refused(['list'], direct)).toEqual([2, 'BAD_CONFIG']);
    } finally {
      rmSync(folder);
    }
    const config = join(direct.environment['HOME'] ?? '', '.config/wpclone');
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, 'token'), `${agent.token}\n`);
    writeFileSync(join(config, 'config.yaml'), `agent: ${String(agent.url)}\nagent-token-file: ${config}/token\n`);
    expect(await direct.json(['jobs', '--limit', '1'])).toMatchObject({ jobs: [{ type: expect.any(String) }] });
    rmSync(join(config, 'config.yaml'));
  });
});
