import type { Runtime } from '../../src/runtime/types.ts';
import type { WorkContext } from '../../src/shared/context.ts';

/** A clone of nothing: its unit is taken, and said to be ready. */
export async function makeReady(
  runtime: Pick<Runtime, 'provision'>,
  id: string,
  context: WorkContext,
): Promise<'warm' | 'created' | 'taken-up'> {
  const expiresAt = Date.now() + 3_600_000;
  const source = { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' };
  const lease = await runtime.provision({ id, sourceUrl: source.url, expiresAt }, context);
  const { url, how } = lease.instance;
  await lease.commit({ url, source, expiresAt, adminUsername: 'me', adminPassword: 'mine', findings: [] }, context);
  return how;
}
