import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApplySpec, applyRestoreOf } from '../../src/engine/apply-restore.ts';
import { undoRestore, type WritePort } from '../../src/engine/written.ts';
import { agreedTo } from '../../src/restore/plan/agreed.ts';
import { newRestoreId } from '../../src/restore/write/id.ts';
import { applyRestore } from '../../src/operations/apply-restore.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import { connectToWrite } from '../../src/site/connect/by-login.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import type { WorkEvent } from '../../src/shared/events.ts';
import { asAdmin, connectDeps } from '../support/connecting.ts';
import { optionOf, restoreKey, writeClient } from '../support/restore.ts';
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

const titleOf = (): Promise<unknown> => optionOf(source, 'blogname');
const own = () => source.query("SHOW TABLES LIKE 'wp\\_wpclone%'");
const port: WritePort = { connect: (wanted) => connectToWrite(asAdmin(source), wanted, connectDeps()) };
const specOf = (restore: string): ApplySpec => ({
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
    const error = await failureOf(applyRestoreOf(specOf(newRestoreId(randomBytes)), port, site.home.runtime, context));
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
  const spec = specOf(newRestoreId(randomBytes));
  const cut = failureOf(applyRestoreOf(spec, port, site.home.runtime, stoppingAt(begins('verify'), 'RELEASED')));
  expect(await cut).toMatchObject({ code: 'RELEASED', details: { uncertain: true } });
  expect(await titleOf()).toBe('Ours');
  await source.query("UPDATE wp_options SET option_value = 'Since' WHERE option_name = 'blogname'");
  const found = await applyRestoreOf(spec, port, site.home.runtime, site.home.context);
  expect(found).toMatchObject({ found: true, items: 1, receipt: { state: 'applied' } });
  expect(found.outcome.replaced).toEqual([{ id: 'option:blogname', title: expect.any(String) }]);
  expect(await titleOf()).toBe('Since');
  await source.query(`UPDATE wp_options SET option_value = '${String(before)}' WHERE option_name = 'blogname'`);
});

it('an attempt that goes on and does not reach the site, or was cancelled before it could, forgets nothing of what an earlier one may have written', async () => {
  const id = newRestoreId(randomBytes);
  const { state, runtime, context } = site.home;
  const known = { id, url: source.url, cloneId: site.id, status: 'applied', madeAt: 1, receipt: '{}' };
  const away: WritePort = { connect: () => Promise.reject(new WpcloneError('UNREACHABLE', 'Away.')) };
  const request = { cloneId: site.id, policy: POLICY, agreed: null, insecureTls: false, restore: id };
  const attempt = (work = context) => failureOf(applyRestore(request, source.url, away, runtime, state, work));
  expect((await attempt()).details['uncertain']).toBeUndefined();
  expect(await state.restores.find(id)).toBeUndefined();
  await state.restores.save(known);
  const error = await attempt();
  expect([error.code, error.details['uncertain']]).toEqual(['UNREACHABLE', true]);
  expect(error.message).toContain(`wpclone restore undo ${id}`);
  expect(await state.restores.find(id)).toEqual(known);
  const cancelled = await attempt(workContext(AbortSignal.abort(new WpcloneError('CANCELLED', 'Stop.'))));
  expect([cancelled.code, cancelled.details['uncertain']]).toEqual(['CANCELLED', true]);
  expect(await state.restores.find(id)).toEqual(known);
  await state.restores.remove(id);
});

it('a restore whose key made way for that of another one is known to be written, though nobody can take it back with that key', async () => {
  const before = await titleOf();
  const { runtime, state } = site.home;
  const [id, stop] = [newRestoreId(randomBytes), new AbortController()];
  const overtaken: Runtime = {
    ...runtime,
    async takeForRestore(clone, context) {
      const lease = await runtime.takeForRestore(clone, context);
      const { operations } = lease.instance;
      const applyRestoreThere: typeof operations.applyRestore = async (task, work) => {
        const applied = await operations.applyRestore(task, work);
        // Somebody else logs in, and the person here gives up.
        const other = writeClient(task.access, await restoreKey(source));
        await other.finish(new AbortController().signal);
        stop.abort(new WpcloneError('CANCELLED', 'Stop.'));
        return applied;
      };
      const instance = { ...lease.instance, operations: { ...operations, applyRestore: applyRestoreThere } };
      return { ...lease, instance };
    },
  };
  const request = { cloneId: site.id, policy: POLICY, agreed: null, insecureTls: false, restore: id };
  const error = await failureOf(applyRestore(request, source.url, port, overtaken, state, workContext(stop.signal)));
  expect([error.code, error.details['uncertain']]).toEqual(['CANCELLED', true]);
  expect(error.message).toContain(`Rows were written: "wpclone restore undo ${id}"`);
  expect([await titleOf(), (await state.restores.find(id))?.id]).toEqual(['Ours', id]);
  await undoRestore({ restore: id, only: undefined }, port, workContext());
  expect(await titleOf()).toBe(before);
  await state.restores.remove(id);
});

it('a restore that is cancelled is taken away also where the clock beside the clone is ahead', async () => {
  const { runtime } = site.home;
  const tables = await own();
  const stop = new AbortController();
  const ahead: Runtime = {
    ...runtime,
    async takeForRestore(id, context) {
      const lease = await runtime.takeForRestore(id, context);
      const { operations } = lease.instance;
      const applyRestoreThere: typeof operations.applyRestore = async ({ access, key }) => {
        const client = writeClient(access, key, { now: () => Date.now() + 60_000 });
        const recounts = { terms: [], comments: [], rewriteRules: false };
        await client.begin({ tables: [], files: { count: 0, bytes: 0 }, recounts }, new AbortController().signal);
        stop.abort(new WpcloneError('CANCELLED', 'Stop.'));
        throw stop.signal.reason;
      };
      const instance = { ...lease.instance, operations: { ...operations, applyRestore: applyRestoreThere } };
      return { ...lease, instance };
    },
  };
  const error = await failureOf(
    applyRestoreOf(specOf(newRestoreId(randomBytes)), port, ahead, workContext(stop.signal)),
  );
  expect([error.code, error.details['uncertain']]).toEqual(['CANCELLED', undefined]);
  expect(await own()).toEqual(tables);
});

it('a page that fails once, as behind a server that restarts, is looked at again before anything is taken back', async () => {
  const plugins = join(source.content, 'mu-plugins');
  const failed = join(source.path, 'failed-once');
  mkdirSync(plugins, { recursive: true });
  writeFileSync(
    join(plugins, 'once.php'),
    `<?php add_action( 'template_redirect', function () {
      if ( false === strpos( (string) get_post_field( 'post_content', get_queried_object_id() ), 'ONCE' ) || file_exists( '${failed}' ) ) return;
      touch( '${failed}' ); status_header( 502 ); exit( '<p>Bad gateway' );
    } );`,
  );
  await site.sql("UPDATE wp_posts SET post_content = 'ONCE' WHERE post_name = 'hello-world'");
  const policy = { ...POLICY, only: ['content'] };
  const spec = {
    ...specOf(newRestoreId(randomBytes)),
    policy,
    agreed: agreedTo(await site.plan({ only: ['content'] })),
  };
  const applied = await applyRestoreOf(spec, port, site.home.runtime, workContext());
  expect(existsSync(failed)).toBe(true);
  expect([applied.receipt.state, applied.differences]).toEqual(['applied', []]);
});

it('a page that breaks is taken back at once, also where the front page shows nothing of it', async () => {
  const plugins = join(source.content, 'mu-plugins');
  mkdirSync(plugins, { recursive: true });
  writeFileSync(
    join(plugins, 'boom.php'),
    "<?php add_filter( 'the_content', function ( $text ) { return false === strpos( $text, 'BOOM' ) ? $text : there_is_no_such_function(); } );",
  );
  // An update that was cut off long ago, which WordPress does not look at any more.
  const maintenance = join(source.path, '.maintenance');
  writeFileSync(maintenance, '<?php $upgrading = time() - 700;');
  utimesSync(maintenance, Date.now() / 1000 - 700, Date.now() / 1000 - 700);
  const contentOf = () => source.query("SELECT post_content FROM wp_posts WHERE post_name = 'sample-page'");
  const [before, tables] = [await contentOf(), await own()];
  await site.sql("UPDATE wp_posts SET post_content = 'BOOM' WHERE post_name = 'sample-page'");
  const policy = { ...POLICY, only: ['content'] };
  const spec = { ...specOf(newRestoreId(randomBytes)), policy };
  const agreed = agreedTo(await site.plan({ only: ['content'] }));
  const error = await failureOf(applyRestoreOf({ ...spec, agreed }, port, site.home.runtime, workContext()));
  expect([error.code, error.message]).toEqual(['RESTORE_BROKE', expect.stringMatching(/broke page:\d+ of http/)]);
  expect(await contentOf()).toEqual(before);
  expect(await own()).toEqual(tables);
  await site.sql("UPDATE wp_posts SET post_content = 'Fine', post_status = 'draft' WHERE post_name = 'sample-page'");
  const again = {
    ...spec,
    restore: newRestoreId(randomBytes),
    agreed: agreedTo(await site.plan({ only: ['content'] })),
  };
  const applied = await applyRestoreOf(again, port, site.home.runtime, workContext());
  expect(applied.differences).toEqual([expect.stringMatching(/^Page:\d+ answered 200 before and answers 404 now\.$/)]);
  rmSync(maintenance);
});

it('a clone that holds nothing new writes nothing, and leaves nothing', async () => {
  const spec = specOf(newRestoreId(randomBytes));
  const none = await applyRestoreOf(
    { ...spec, policy: { ...POLICY, skip: ['settings', 'content'] } },
    port,
    site.home.runtime,
    workContext(),
  );
  expect(none).toMatchObject({ items: 0, receipt: { state: 'new' }, outcome: { added: [], replaced: [], lost: [] } });
  expect(none.outcome.kept).toContainEqual(expect.objectContaining({ id: 'option:blogname', code: 'NOT_CHOSEN' }));
});
