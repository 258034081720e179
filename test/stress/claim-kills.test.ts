import { afterEach, describe, expect, test } from 'vitest';
import { type Moment, useKilledClaims } from '../cluster/killed-claims.ts';
import { useNamespace } from '../cluster/support.ts';

/** More than there are calls of a claim, so that the last one is found. */
const MOST = 40;

describe.skipIf(process.env['KUBECONFIG'] === undefined)(
  'a claim that is killed at each of its calls (skipped where KUBECONFIG names no cluster)',
  () => {
    const namespace = useNamespace('claim-kills');
    const claims = useKilledClaims(namespace);
    afterEach(() => claims.clear());

    test.each<Moment>(['before', 'after'])(
      '%s it was made, has one unit or none, which nobody else gets',
      async (moment) => {
        for (let nth = 0; nth < MOST; nth += 1) {
          const unit = await claims.warm();
          const attempt = await claims.attempt((_call, index) => index === nth, moment);
          const held = await claims.holders(attempt.id);
          const rival = await claims.rival();
          // Whoever comes first after it gets the unit where it was not taken, and only there.
          expect([rival, held.length], `${nth} ${attempt.calls.at(-1)}`).toEqual(
            held.length === 0 ? [unit, 0] : [undefined, 1],
          );
          const next = await claims.goOn(attempt);
          const [own, ...more] = await claims.holders(attempt.id);
          expect([own?.state, more]).toEqual(['READY', []]);
          expect(own?.name).toBe(held[0]?.name ?? own?.name);
          console.log(`${moment} ${nth} ${attempt.calls.at(-1)}: ${held[0]?.state ?? 'not taken'}, then ${next}`);
          await claims.clear();
          expect(await namespace.belongings()).toEqual([]);
          if (!attempt.killed) return;
        }
        throw new Error(`A claim makes ${MOST} calls?`);
      },
    );

    test('leaves nothing where nobody goes on with it', async () => {
      for (let nth = 0; nth < MOST; nth += 1) {
        const unit = await claims.warm();
        const attempt = await claims.attempt((_call, index) => index === nth, 'after');
        if (!attempt.killed) return;
        const isReady = (await claims.holders(attempt.id)).some(({ state }) => state === 'READY');
        await claims.takeBack(attempt);
        const left = await namespace.belongings(attempt.id);
        console.log(`${nth} ${attempt.calls.at(-1)}: ${isReady ? 'ready' : left.length}`);
        expect(isReady ? [] : left).toEqual([]);
        // Not taken, it waits for another one.
        expect([[], [`pods/${unit}`, `secrets/${unit}`]]).toContainEqual(
          (await namespace.belongings()).filter((name) => name.includes(unit) && !isReady),
        );
        await claims.clear();
      }
      throw new Error(`A claim makes ${MOST} calls?`);
    });
  },
);
