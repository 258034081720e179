import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterSeconds } from '../../src/site/answers.ts';
import { toEntry } from '../../src/site/manifest-entry.ts';
import { isLoopback } from '../../src/shared/loopback.ts';
import { createBackoff } from '../../src/site/backoff.ts';
import { createPace } from '../../src/site/pace.ts';
import { WpcloneError } from '../../src/shared/errors.ts';

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    ['120', 120],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
  ])('%s is %s seconds', (value, seconds) => {
    expect(retryAfterSeconds({ headers: { 'retry-after': value }, now })).toBe(seconds);
  });
});

describe('backoff', () => {
  const failure = new WpcloneError('SOURCE_FAILED', 'x', { retryable: true });
  const attempts = (backoff: ReturnType<typeof createBackoff>, error: WpcloneError): number[] => {
    const waits: number[] = [];
    try {
      for (;;) waits.push(backoff.next(error));
    } catch {
      return waits;
    }
  };

  it('waits longer each time, and ends', () => {
    const waits = attempts(
      createBackoff(
        () => true,
        () => 0.5,
      ),
      failure,
    );
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('starts anew with progress, however often that happens', () => {
    const backoff = createBackoff(
      () => true,
      () => 0.5,
    );
    for (let round = 0; round < 100; round += 1) {
      backoff.progress();
      expect(backoff.next(failure)).toBe(250);
    }
  });

  it('ends soon with a site that never answered', () => {
    const waits = attempts(
      createBackoff(
        () => false,
        () => 0.5,
      ),
      failure,
    );
    expect(waits).toHaveLength(3);
  });

  it('waits as long as it is told to, within reason', () => {
    const limited = (retryAfter: number): WpcloneError =>
      new WpcloneError('RATE_LIMITED', 'x', { retryable: true, retryAfter });
    const backoff = createBackoff(
      () => true,
      () => 0.5,
    );
    expect(backoff.next(limited(90))).toBe(90_000);
    expect(() => backoff.next(limited(3600))).toThrow(WpcloneError);
  });

  it('has none with a wall while there is another way', () => {
    const wall = new WpcloneError('SOURCE_BLOCKED', 'x', { retryable: true });
    const random = () => 0.5;
    expect(() => createBackoff(() => false, random, true).next(wall)).toThrow(WpcloneError);
    expect(createBackoff(() => true, random, true).next(wall)).toBe(5000);
    expect(createBackoff(() => false, random).next(wall)).toBe(5000);
  });

  it('has none with what cannot be helped', () => {
    const backoff = createBackoff(
      () => true,
      () => 0.5,
    );
    expect(() => backoff.next(new WpcloneError('SIGNATURE_REFUSED', 'x'))).toThrow(WpcloneError);
  });
});

describe('pace', () => {
  it('asks for less at once after a cut, and for more only after answers that used their time', () => {
    const pace = createPace({ near: false });
    pace.cut(20, 5e6);
    expect(pace.seconds).toBe(12);
    pace.succeeded(1e6, 1e6, 3);
    expect(pace.seconds).toBe(12);
    pace.succeeded(1e6, 1e6, 12);
    expect(pace.seconds).toBe(18);
    for (let round = 0; round < 30; round += 1) pace.succeeded(1, 1, pace.seconds);
    expect(pace.seconds).toBe(240);
    for (let round = 0; round < 30; round += 1) pace.cut(pace.seconds, 1e6 * (round + 1));
    expect(pace.seconds).toBe(2);
  });

  it('asks for smaller answers when two are cut at the same size, and only then', () => {
    const pace = createPace({ near: true });
    pace.cut(0.1, 1_048_000);
    pace.cut(0.1, 300_000);
    expect(pace.bytes).toBeUndefined();
    pace.cut(0.1, 1_048_576);
    pace.cut(0.1, 1_048_000);
    expect(pace.bytes).toBe(Math.floor(1_048_000 * 0.85));
    expect(pace.seconds).toBe(40);
  });

  it('deflates far away, until the network proves fast, and never on this machine', () => {
    const far = createPace({ near: false });
    expect(far.gzip).toBe(true);
    far.succeeded(200e6, 400e6, 2);
    expect(far.gzip).toBe(false);
    far.succeeded(20e6, 20e6, 2);
    expect(far.gzip).toBe(true);
    const near = createPace({ near: true });
    near.succeeded(20e6, 20e6, 20);
    expect(near.gzip).toBe(false);
  });

  it('knows this machine by its names', () => {
    expect(['localhost', '127.0.0.1', '[::1]'].every(isLoopback)).toBe(true);
    expect(['localhost.example', '128.0.0.1', 'mysite.example'].some(isLoopback)).toBe(false);
  });
});

describe('an entry of the list of files', () => {
  it('never leads out of its root, whatever the site says', () => {
    const part = fc.constantFrom('a', '..', '.', '', 'b\0', 'c');
    const path = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(path, path, (name, target) => {
        const entry = toEntry('core', [name, 'l', 1, 1, 1, 0o777, target]);
        expect(entry.kind === 'refused' || !entry.path.split('/').includes('..')).toBe(true);
        expect(entry.kind === 'refused' || !(entry.target ?? '').startsWith('/')).toBe(true);
      }),
    );
  });

  it.each([
    ['a/b', '../c', 'symlink'],
    ['a/b', '../../c', 'refused'],
    ['b', '..', 'refused'],
    ['b', '/etc/passwd', 'refused'],
    ['b', 'x/../../y', 'refused'],
    ['../b', 'x', 'refused'],
  ])('%s → %s is %s', (path, target, kind) => {
    expect(toEntry('core', [path, 'l', 1, 1, 1, 0o777, target]).kind).toBe(kind);
  });
});
