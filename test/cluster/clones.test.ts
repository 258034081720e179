import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { request } from 'undici';
import { startSource, type Source } from '../support/source/index.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { visit } from './pages.ts';
import { context, eventually, HOST, useNamespace } from './support.ts';

const namespace = useNamespace('clones');
const commands = useCommands(namespace);
let source: Source;

beforeAll(async () => {
  source = await startSource({ host: HOST });
});
afterAll(() => source.stop());

const clone = (...more: string[]) => commands.json<Report>(cloneArguments(source, ...more), passwordOf(source));

/** A page of a clone, whose address anyone may look up. */
async function page(id: string, path = '/'): Promise<{ status: number; body: string; location: string | undefined }> {
  const answer = await visit(namespace, await commands.json<Report>(['show', id]), path);
  const { location } = answer.headers;
  return {
    status: answer.statusCode,
    body: await answer.body.text(),
    location: typeof location === 'string' ? location : undefined,
  };
}

const belongingsOf = (id: string) => namespace.belongings(id);

describe('a clone on Kubernetes', () => {
  test('is made, shown, opened, changed, reset, extended and deleted by anyone with access to the namespace', async () => {
    const report = await clone('--ttl', '20m');
    const { clone_id: id } = report;
    expect(report).toMatchObject({ status: 'ready', runtime: 'kubernetes', transferred: { tables: 12 } });
    expect(report.warnings).toEqual([]);

    // Another machine: nothing but the kubeconfig is shared.
    const others = useOthers();
    const { clones } = await others.json<{ clones: Report[] }>(['list']);
    expect(clones).toMatchObject([{ clone_id: id, status: 'ready', clone_url: report.clone_url }]);
    expect(await others.json(['show', id, '--show-password'])).toMatchObject({ password: report.password });

    const front = await page(id);
    expect(front.status).toBe(200);
    expect(front.body).toContain('Paper Street');
    expect(front.body).not.toContain(`//${new URL(source.url).host}`);
    expect((await page(id, '/wp-content/')).status).not.toBe(500);

    const opened = others.start(['open', id, '--print']);
    await opened.seen(/wpclone-login=\S+[\s\S]*Forwarding/);
    const local = await request(report.clone_url + '/');
    expect(local.statusCode).toBe(200);
    expect(await local.body.text()).toContain('Paper Street');
    const [images, style] = await Promise.all([
      request(report.clone_url + '/wp-includes/images/rss.png'),
      request(report.clone_url + '/wp-login.php'),
    ]);
    expect([images.statusCode, images.headers['content-type'], style.statusCode]).toEqual([200, 'image/png', 200]);
    await Promise.all([images.body.dump(), style.body.dump()]);
    opened.process.kill('SIGINT');
    const { stdout } = await opened.finished;
    const link = new URL(stdout.trim());
    const entered = await page(id, link.pathname + link.search);
    expect(entered.status).toBe(302);
    expect(entered.location).toContain('/wp-admin');
    expect((await page(id, link.pathname + link.search)).location ?? '').not.toContain('/wp-admin');

    const { port } = new URL(report.clone_url);
    const busy = createServer().listen(Number(port), '127.0.0.1');
    const refused = await others.run(['open', id, '--print', '--json']);
    busy.close();
    expect(JSON.parse(refused.stdout).error).toMatchObject({
      code: 'PORT_IN_USE',
      next_steps: [expect.stringContaining(`:${port}`)],
    });

    expect(await others.json(['reset', id])).toMatchObject({ clone_id: id, status: 'ready' });
    expect((await page(id)).status).toBe(200);
    // Also to whoever asks in the moment in which its sidecar says so.
    const { instance } = await (await namespace.runtime()).get(id, context());
    const ip = (await namespace.pod(id))?.status?.podIP;
    const ignore = () => undefined;
    await instance.operations.reset(undefined, { signal: context().signal, progress: ignore, retry: ignore });
    const again = await request(`http://${ip}:8080/`, { headers: { host: new URL(report.clone_url).host } });
    expect(again.statusCode).toBe(200);
    await again.body.dump();
    const extended = await others.json<{ expires_at: string }>(['extend', id, '2h']);
    expect(Math.abs(Date.parse(extended.expires_at) - Date.now() - 7_200_000)).toBeLessThan(30_000);
    const logs = await others.run(['logs', id]);
    expect(logs.stdout).toMatch(/^web: .*"GET \/" 302/m);
    expect(logs.stdout).toMatch(/^database: .*ready for connections/m);
    expect(logs.stdout + logs.stderr).not.toContain(report.password);
    expect(logs.stdout + logs.stderr).not.toContain(link.searchParams.get('wpclone-login'));

    await others.json(['delete', id, '--force']);
    expect(await belongingsOf(id)).toEqual([]);
    await others.stop();
  });

  test('answers 410 at its end by itself, and is then removed', async () => {
    const { clone_id: id } = await clone('--ttl', '1m');
    const end = await eventually(
      async () => {
        const { status } = await page(id);
        return status === 200 ? undefined : status;
      },
      'the clone ends',
      80_000,
    );
    expect(end).toBe(410);
    await eventually(
      async () => {
        await commands.run(['gc']);
        return (await belongingsOf(id)).length === 0 ? true : undefined;
      },
      'the next sweep removes it',
      90_000,
    );
  }, 200_000);
});

/** A person on another machine: another state folder. */
function useOthers() {
  return useCommands(namespace);
}
