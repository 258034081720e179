import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packagePath } from '../../../src/shared/package-root.ts';

const unit = readFileSync(packagePath('templates', 'systemd', 'wpclone-agent.service'), 'utf8');

it('a restart of the service ends the agent alone, and gives it longer than it gives its jobs', () => {
  expect(unit).toMatch(/^KillMode=process$/m);
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(60 + 150);
  // It would be emptied when the service stops, under clones that go on.
  expect(unit).not.toMatch(/^PrivateTmp=(yes|true)/m);
  // `wpclone agent stop` is meant.
  expect(unit).toMatch(/^Restart=on-failure$/m);
});

it('the service may go before the clones that it makes', () => {
  expect(unit).toMatch(/^LimitRTPRIO=1$/m);
});
