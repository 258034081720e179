import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { makeTemp } from '../support/temp.ts';

const RUN = join(import.meta.dirname, '../../integrations/github-action/run.sh');
const INPUTS = {
  INPUT_URL: 'https://shop.example',
  INPUT_USERNAME: 'admin',
  INPUT_COMMAND: 'true',
  INPUT_AGENT: 'https://agent.example',
  WPCLONE_SOURCE_PASSWORD: 'canary-source',
  WPCLONE_AGENT_TOKEN: 'canary-token',
};

/** Programs of a runner, in a folder of their own. */
function programs(scripts: Readonly<Record<string, string>>): string {
  const bin = join(makeTemp('action'), 'bin');
  mkdirSync(bin);
  for (const [name, text] of Object.entries(scripts))
    writeFileSync(join(bin, name), `#!/bin/sh\nhere=\${0%/*}\n${text}\n`, { mode: 0o755 });
  return bin;
}

it('the action gives no password to what installs wpclone, and both to the command that needs them', async () => {
  const bin = programs({
    npm: 'env >"$here/npm.env"\nmv "$here/later" "$here/wpclone"',
    later: 'env >"$here/its.env"',
  });
  await execa(RUN, { extendEnv: false, env: { ...INPUTS, PATH: `${bin}:/usr/bin:/bin` } });
  expect(readFileSync(join(bin, 'npm.env'), 'utf8')).not.toContain('canary');
  expect(readFileSync(join(bin, 'its.env'), 'utf8').match(/canary-\w+/g)).toHaveLength(2);
});

it('a runner’s log shows none of the secrets, whoever prints them, and no other log is told what they are', async () => {
  // As `wpclone run` does, with a clone of which nobody knew before.
  const clone = `export WPCLONE_CLONE_PASSWORD='new%one' WPCLONE_CLONE_LOGIN_URL='http://127.0.0.1/?in=1'`;
  const bin = programs({ wpclone: `${clone}\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"` });
  const say = async (more: Readonly<Record<string, string>>) => {
    const env = { ...INPUTS, ...more, INPUT_COMMAND: 'echo done', PATH: `${bin}:/usr/bin:/bin` };
    const { stdout, stderr } = await execa(RUN, { extendEnv: false, env });
    expect(stdout).toBe('done');
    return stderr.split('\n');
  };
  expect(await say({ GITHUB_ACTIONS: 'true', WPCLONE_SOURCE_PASSWORD: 'two\nlines' })).toEqual([
    '::add-mask::two%0Alines',
    '::add-mask::canary-token',
    '::add-mask::new%25one',
    '::add-mask::http://127.0.0.1/?in=1',
  ]);
  expect(await say({})).toEqual(['']);
});
