import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

const ACTION = join(import.meta.dirname, '../../integrations/github-action');
const actionSchema = z.object({
  inputs: z.record(z.string(), z.object({ required: z.boolean().optional(), default: z.string().optional() })),
  runs: z.object({
    using: z.literal('composite'),
    steps: z.tuple([
      z.object({
        shell: z.literal('bash'),
        run: z.string(),
        'working-directory': z.string(),
        env: z.record(z.string(), z.string()),
      }),
    ]),
  }),
});
const action = actionSchema.parse(parse(readFileSync(join(ACTION, 'action.yml'), 'utf8')));
const [step] = action.runs.steps;

const cli = commandLine();
const workspace = join(cli.home, '../workspace');
const bin = join(cli.home, '../bin');
let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.118', posts: 3 });
  for (const folder of [workspace, bin]) mkdirSync(folder, { recursive: true });
  const command = join(import.meta.dirname, '../../bin/run.js');
  writeFileSync(join(bin, 'wpclone'), `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`, { mode: 0o755 });
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

/** The step as a runner carries it out: expressions filled in, then bash with the step's environment. */
async function use(inputs: Readonly<Record<string, string>>) {
  const filledIn = (text: string) =>
    text.replaceAll(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, name: string) => {
      if (action.inputs[name] === undefined) throw new Error(`The action has no input ${name}.`);
      return inputs[name] ?? action.inputs[name].default ?? '';
    });
  const environment = Object.entries(step.env).map(([name, value]) => [name, filledIn(value)]);
  return execa('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', filledIn(step.run)], {
    cwd: join(workspace, filledIn(step['working-directory'])),
    extendEnv: false,
    env: {
      ...cli.environment,
      ...Object.fromEntries(environment),
      PATH: `${bin}:${cli.environment['PATH'] ?? ''}`,
      GITHUB_ACTION_PATH: ACTION,
    },
    reject: false,
  });
}

const login = () => ({ url: source.url, username: source.adminUser, password: source.adminPassword });

it('the action runs the step’s script against a clone, hands its output and exit code on and leaves nothing', async () => {
  const command = `curl --silent --output /dev/null --write-out '%{http_code}\\n' "$WPCLONE_CLONE_URL"
echo "$WPCLONE_CLONE_NAME" \${INPUT_URL-unset} \${WPCLONE_SOURCE_PASSWORD-unset} "$PWD"
false
echo never`;
  mkdirSync(join(workspace, 'tests'));
  const flags = '--name\nin-ci\n\n--exclude-table\n*_log';
  const { stdout, exitCode } = await use({ ...login(), command, flags, 'working-directory': 'tests' });
  expect(stdout).toBe(`200\nin-ci unset unset ${join(workspace, 'tests')}`);
  expect(exitCode).toBe(1);
  expect(cli.leftovers()).toEqual([]);
});

it('an input of the action is never run but as the command, and one that is missing is named', async () => {
  const hostile = `"; touch ${workspace}/owned; $(touch ${workspace}/owned) #`;
  const refused = await use({ ...login(), url: hostile, username: hostile, flags: hostile, command: 'true' });
  expect(refused.exitCode).toBe(125);
  expect(existsSync(join(workspace, 'owned'))).toBe(false);
  const missing = await use({ ...login(), url: '', command: 'true' });
  expect([missing.exitCode, missing.stdout]).toEqual([125, '::error::The input url is missing.']);
});

it('each input is used, and the script reads no variable that the step does not set', () => {
  const values = Object.values(step.env).join(' ') + step['working-directory'];
  for (const name of Object.keys(action.inputs)) expect(values).toContain(`\${{ inputs.${name} }}`);
  const script = readFileSync(join(ACTION, 'run.sh'), 'utf8');
  const read = [...script.matchAll(/\bINPUT_[A-Z_]+\b/g)].map(([name]) => name).filter((name) => name !== 'INPUT_');
  expect(Object.keys(step.env)).toEqual(expect.arrayContaining(read));
});
