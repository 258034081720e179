/**
 * Another wpclone: `local-child.ts provision HOME ID` makes an instance and waits to be ended; `reset HOME ID` takes a clone
 * for a reset, says how that went and waits too; `keeper HOME` runs the keeper, which looks again every half second.
 */
import { openState } from '../../src/state/open.ts';
import { runKeeper } from '../../src/runtime/local/keeper.ts';
import { localLayout } from '../../src/runtime/local/layout.ts';
import { openTestHome } from './local-runtime.ts';
import { workContext } from './work.ts';

const [mode, home = '', id = ''] = process.argv.slice(2);
if (mode === 'keeper') {
  const context = workContext();
  const localHome = { layout: localLayout(home), state: openState(home, context), path: process.env['PATH'] ?? '' };
  const sleep = (milliseconds: number, stop?: AbortSignal) => context.sleep(Math.min(milliseconds, 500), stop);
  await runKeeper(localHome, { ...context, sleep });
} else if (mode === 'reset') {
  const { runtime, context } = openTestHome({ home });
  const said = await runtime.takeForReset(id, context).then(
    () => 'resetting',
    (error: unknown) => String(error),
  );
  process.stdout.write(`${said}\n`);
  setInterval(() => undefined, 1000);
} else {
  const { runtime, context } = openTestHome({ home });
  const { instance } = await runtime.provision(
    { id, sourceUrl: 'http://a.example', expiresAt: Date.now() + 60_000 },
    context,
  );
  process.stdout.write(`${instance.url}\n`);
  setInterval(() => undefined, 1000);
}
