import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { makeTemp } from '../support/temp.ts';

it('the action gives no password to what installs wpclone, and both to the command that needs them', async () => {
  const bin = join(makeTemp('action'), 'bin');
  mkdirSync(bin);
  const [installer, command] = [join(bin, 'npm.env'), join(bin, 'wpclone.env')];
  const program = (name: string, text: string): void =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program('npm', `env >'${installer}'\nmv '${bin}/later' '${bin}/wpclone'`);
  program('later', `env >'${command}'`);
  const env = {
    PATH: `${bin}:/usr/bin:/bin`,
    INPUT_URL: 'https://shop.example',
    INPUT_USERNAME: 'admin',
    INPUT_COMMAND: 'true',
    INPUT_AGENT: 'https://agent.example',
    WPCLONE_SOURCE_PASSWORD: 'canary-source',
    WPCLONE_AGENT_TOKEN: 'canary-token',
  };
  await execa(join(import.meta.dirname, '../../integrations/github-action/run.sh'), { extendEnv: false, env });
  expect(readFileSync(installer, 'utf8')).not.toContain('canary');
  expect(readFileSync(command, 'utf8').match(/canary-\w+/g)).toHaveLength(2);
});
