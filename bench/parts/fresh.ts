import { startSource } from '../../test/support/source/index.ts';
import { createHome, type Cloned, type Home } from '../home.ts';
import { median } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 7;

/** A freshly installed WordPress: from the start of the command to its end with a verified clone. */
export async function freshRows(): Promise<Row[]> {
  const home = createHome();
  try {
    await cloneNew(home);
    const first: Cloned[] = [];
    const again: Cloned[] = [];
    for (let run = 0; run < RUNS; run++) {
      const both = await cloneNew(home);
      first.push(both.first);
      again.push(both.again);
    }
    const row = (what: string, clones: readonly Cloned[]): Row => ({
      what,
      ours: `${median(clones.map(({ seconds }) => seconds)).toFixed(2)} s`,
      beside: `provisioning ${median(clones.map(({ timings }) => timings['provision'] ?? 0)).toFixed(2)} s of it`,
      ratio: '',
    });
    return [row('fresh site, never seen before', first), row('fresh site, again within the hour', again)];
  } finally {
    await home.remove();
  }
}

async function cloneNew(home: Home): Promise<{ first: Cloned; again: Cloned }> {
  const source = await startSource();
  try {
    return { first: await home.clone(source), again: await home.clone(source) };
  } finally {
    await source.stop();
  }
}
