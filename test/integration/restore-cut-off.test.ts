import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApplyWish, applyRestoreOf } from '../../src/engine/apply-restore.ts';
import type { WritePort } from '../../src/engine/written.ts';
import { newRestoreId } from '../../src/restore/write/id.ts';
import { connectToWrite } from '../../src/site/connect/by-login.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import type { WorkEvent } from '../../src/shared/events.ts';
import { asAdmin, connectDeps } from '../support/connecting.ts';
import { makeRestorable, POLICY, type Restorable } from '../support/restorable.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf, workContext } from '../support/work.ts';

let source: Source;
let site: Restorable;
beforeAll(async () => {
  source = await startSource();
  site = await makeRestorable(source);
  await site.sql("UPDATE wp_options SET option_value = 'Ours' WHERE option_name = 'blogname'");
});
afterAll(async () => {
  await site.close();
  await source.stop();
});

const titleOf = async (): Promise<unknown> =>
  (await source.query("SELECT option_value FROM wp_options WHERE option_name = 'blogname'"))[0]?.['option_value'];
const own = () => source.query("SHOW TABLES LIKE 'wp\\_wpclone%'");
const port: WritePort = { connect: (wanted) => connectToWrite(asAdmin(source), wanted, connectDeps()) };
const wishFor = (restore: string): ApplyWish => ({
  cloneId: site.id,
  policy: POLICY,
  version: 'test',
  restore,
  agreed: null,
});

/** Stops the work, for that reason, at the first such event. */
function stoppingAt(matches: (event: WorkEvent) => boolean, reason: 'CANCELLED' | 'RELEASED') {
  const stop = new AbortController();
  const context = workContext(stop.signal);
  const emit = (event: WorkEvent): void => {
    context.emit(event);
    if (matches(event)) stop.abort(new WpcloneError(reason, 'Stop.'));
  };
  return { ...context, emit };
}
const begins = (step: string) => (event: WorkEvent) => event.type === 'step-started' && event.step === step;

it.each(['apply', 'verify'])(
  'a restore that is cancelled as “%s” begins leaves the live site as before',
  async (step) => {
    const before = await titleOf();
    const context = stoppingAt(begins(step), 'CANCELLED');
    const error = await failureOf(applyRestoreOf(wishFor(newRestoreId(randomBytes)), port, site.home.runtime, context));
    expect([error.code, error.details, error.message]).toEqual(['CANCELLED', {}, 'Stop.']);
    expect(context.events.some(({ type }) => type === 'undo')).toBe(step === 'verify');
    expect(await titleOf()).toBe(before);
    expect(await own()).toEqual([]);
    const { facts } = await site.home.runtime.get(site.id, site.home.context);
    expect(facts.state).toBe('ready');
  },
);

it('a restore that another attempt goes on with is found applied, and not applied twice', async () => {
  const before = await titleOf();
  const wish = wishFor(newRestoreId(randomBytes));
  const cut = failureOf(applyRestoreOf(wish, port, site.home.runtime, stoppingAt(begins('verify'), 'RELEASED')));
  expect(await cut).toMatchObject({ code: 'RELEASED', details: { uncertain: true } });
  expect(await titleOf()).toBe('Ours');
  await source.query("UPDATE wp_options SET option_value = 'Since' WHERE option_name = 'blogname'");
  const found = await applyRestoreOf(wish, port, site.home.runtime, site.home.context);
  expect(found).toMatchObject({ found: true, items: 1, receipt: { state: 'applied' } });
  expect(found.outcome.replaced).toEqual([{ id: 'option:blogname', title: expect.any(String) }]);
  expect(await titleOf()).toBe('Since');
  await source.query(`UPDATE wp_options SET option_value = '${String(before)}' WHERE option_name = 'blogname'`);
});

it('a clone that holds nothing new writes nothing, and leaves nothing', async () => {
  const wish = wishFor(newRestoreId(randomBytes));
  const none = await applyRestoreOf(
    { ...wish, policy: { ...POLICY, skip: ['settings'] } },
    port,
    site.home.runtime,
    workContext(),
  );
  expect(none).toMatchObject({ items: 0, receipt: { state: 'new' }, outcome: { added: [], replaced: [], lost: [] } });
  expect(none.outcome.kept).toMatchObject([{ id: 'option:blogname', code: 'NOT_CHOSEN' }]);
});
