import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../src/cli/run/program.ts';
import { LEASE, renewWhile } from '../../src/operations/renew.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import { makeTemp } from '../support/temp.ts';

/** A clock that goes on when somebody sleeps, and says stop after `seconds`. */
function clockOf(seconds: number) {
  const stop = new AbortController();
  let now = 0;
  const context = {
    signal: stop.signal,
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
      if (now >= seconds * 1000) stop.abort();
    },
  };
  return { context, now: () => now / 1000 };
}

describe('the lease of a clone that a command runs against', () => {
  it('is renewed long before it ends, for as long as the command lives and no longer', async () => {
    const { context, now } = clockOf(600);
    const at: number[] = [];
    await renewWhile(
      async (seconds) => {
        expect(seconds).toBe(LEASE);
        at.push(now());
      },
      context,
      () => expect.unreachable(),
    );
    // Comparing a large clone may have taken most of the time that it was made with.
    expect(at[0]).toBe(0);
    const pauses = at.map((time, index) => time - (at[index - 1] ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LEASE / 4);
    expect(at.length).toBeLessThan(60);
    expect(at.at(-1)).toBeLessThan(600);
  });

  it('outlives an agent that does not answer for a minute, and is asked for again sooner', async () => {
    const { context, now } = clockOf(300);
    const renewed: number[] = [];
    await renewWhile(
      async () => {
        if (now() > 50 && now() < 110) throw new WpcloneError('AGENT_UNREACHABLE', 'away');
        renewed.push(now());
      },
      context,
      () => expect.unreachable(),
    );
    expect(renewed.some((time) => time >= 110 && time <= 120)).toBe(true);
  });

  it.each([
    ['NOT_FOUND', 0],
    ['EXPIRED', 0],
    ['AGENT_UNREACHABLE', LEASE + 5],
  ] as const)('is given up, and said so once, when the clone is gone or has ended: %s', async (code, seconds) => {
    const { context, now } = clockOf(1000);
    const over: [string, number][] = [];
    await renewWhile(
      () => Promise.reject(new WpcloneError(code, 'no')),
      context,
      (error) => over.push([error.code, now()]),
    );
    expect(over).toEqual([[code, seconds]]);
  });
});

describe('the command to be run', () => {
  const folder = makeTemp('program');
  mkdirSync(join(folder, 'bin/folder'), { recursive: true });
  for (const [name, mode] of [
    ['bin/tool', 0o755],
    ['bin/plain', 0o644],
  ] as const) {
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), mode);
  }
  const find = (name: string) => findProgram(name, `/nowhere:${join(folder, 'bin')}`, folder);

  it('is found as a shell finds it: through PATH, or by a path from the working folder', () => {
    expect(find('tool')).toBe(join(folder, 'bin/tool'));
    expect(find('./bin/tool')).toBe(join(folder, 'bin/tool'));
    expect(findProgram('tool', '', join(folder, 'bin'))).toBe(join(folder, 'bin/tool'));
  });

  it('is an error when it is not there (127) or cannot be executed (126)', () => {
    for (const name of ['none', './tool', 'folder', '', './bin'])
      expect(() => find(name)).toThrow(expect.objectContaining({ code: 'COMMAND_NOT_FOUND', exitCode: 127 }));
    for (const name of ['plain', './bin/plain'])
      expect(() => find(name)).toThrow(expect.objectContaining({ code: 'COMMAND_NOT_EXECUTABLE', exitCode: 126 }));
  });
});
