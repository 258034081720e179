import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPENAPI, POSTMAN } from '../support/api-documents.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { sqlOfClone } from '../support/clone-sql.ts';
import { commandLine } from '../support/cli.ts';
import type { OpenApi, PostmanCollection, PostmanRequest } from '../support/postman.ts';
import { startSource, type Source } from '../support/source/index.ts';

const openapi: OpenApi = JSON.parse(readFileSync(OPENAPI, 'utf8'));
const collection: PostmanCollection = JSON.parse(readFileSync(POSTMAN, 'utf8'));
const requests = collection.item.flatMap(({ item }) => item);
/** All but the one that ends the agent. */
const calls = requests.filter(({ request }) => !request.url.raw.endsWith('/stop'));

let source: Source;
let agent: AgentProcess;
const cli = commandLine();
const variables = new Map<string, string>();
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.114', posts: 3 });
  agent = await startAgent(cli, [], () => undefined);
  variables.set('base', String(agent.url)).set('token', agent.token);
  variables
    .set('source_password', source.adminPassword)
    .set('job', 'none')
    .set('clone', 'none')
    .set('restore', 'rst-aaaaaaaa')
    .set('unit', 'none');
});
afterAll(async () => {
  await agent.end('SIGTERM');
  await cli.stop();
  await source.stop();
});

const filled = (text: string): string =>
  text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => variables.get(name) ?? '');

/** Sends a request of the collection as Postman would, with some fields of the body and of the query changed. */
async function send({ request }: PostmanRequest, body: object = {}, query: Record<string, string> = {}) {
  const path = request.url.path.map(
    (part) => request.url.variable.find(({ key }) => `:${key}` === part)?.value ?? part,
  );
  const known = new Set(request.url.query.map(({ key }) => key));
  expect(Object.keys(query).filter((name) => !known.has(name))).toEqual([]);
  const answer = await fetch(`${filled(`{{base}}/${path.join('/')}`)}?${String(new URLSearchParams(query))}`, {
    method: request.method,
    headers: {
      ...(request.auth?.type === 'noauth' ? {} : { authorization: filled('Bearer {{token}}') }),
      ...Object.fromEntries(request.header.map(({ key, value }) => [key, value])),
    },
    ...(request.body === undefined
      ? {}
      : { body: JSON.stringify({ ...JSON.parse(filled(request.body.raw)), ...body }) }),
  });
  const said = { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  const wrong = misfit(request.method, `/${request.url.path.join('/')}`, said);
  expect(wrong && `${wrong}: ${said.text}`).toBe('');
  return { ...said, body: said.type?.includes('json') === true ? JSON.parse(said.text) : undefined };
}

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(openapi, 'openapi');

/** Where an answer is not what docs/openapi.json says of it; empty when it is. */
function misfit(method: string, path: string, answer: { status: number; type: string | null; text: string }): string {
  const spelled = path.replaceAll(/:(\w+)/g, '{$1}');
  const responses = openapi.paths[spelled]?.[method.toLowerCase()]?.responses ?? {};
  const status = [String(answer.status), `${String(answer.status)[0]}XX`].find((each) => responses[each] !== undefined);
  if (status === undefined) return `${answer.status} is not documented`;
  const content = Object.entries(responses[status]?.content ?? {});
  if (content.length === 0) return answer.text === '' ? '' : 'an answer without a body has one';
  const [type] = content.find(([each]) => answer.type?.startsWith(each)) ?? [];
  if (type === undefined) return `${answer.type} is not documented`;
  if (type !== 'application/json') return '';
  const word = (text: string): string => encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));
  const place = ['paths', spelled, method.toLowerCase(), 'responses', status, 'content', type, 'schema'];
  const validate = ajv.getSchema(`openapi#/${place.map(word).join('/')}`);
  if (validate === undefined) return 'there is no schema';
  return validate(JSON.parse(answer.text)) === true ? '' : ajv.errorsText(validate.errors);
}

const named = (method: string, path: string): PostmanRequest => {
  const found = requests.find(
    ({ request }) => request.method === method && request.url.path.join('/') === path.slice(1),
  );
  if (found === undefined) throw new Error(`The collection has no ${method} ${path}`);
  return found;
};

/** Waits for the end of the job, of which one call waits for a minute at most. */
async function follow() {
  for (;;) {
    const { body } = await send(named('GET', '/api/v2/job-status/:id'), {}, { wait: '60' });
    if (body.status !== 'pending' && body.status !== 'running') return body;
  }
}

async function job(call: string, changes: object = {}) {
  const handed = await send(named('POST', call), changes);
  variables.set('job', handed.body.job_id);
  return follow();
}

const replaced = [{ id: 'option:blogname', title: expect.any(String) }];
const site = () => fetch(source.url).then((answer) => answer.text());

describe('the documented calls, sent to a real agent', () => {
  it('are refused as documented without a token, and for what is not there', async () => {
    for (const one of calls) expect(await send(one, { source_url: 'http://' })).toBeDefined();
    variables.set('token', 'wpc_no');
    const refused = requests.filter(({ request }) => request.auth?.type !== 'noauth');
    for (const one of refused) expect((await send(one)).status).toBe(401);
    variables.set('token', agent.token);
  });

  it('make, show, change and delete a clone, each answering as documented', { timeout: 600_000 }, async () => {
    const body = { source_url: source.url, source_username: source.adminUser, customer_id: 'by-api' };
    const taken = await send(named('POST', '/api/v2/clone'), { ...body, source_password: undefined });
    variables.set('job', taken.body.job_id).set('clone', 'by-api');
    expect(await follow()).toMatchObject({ status: 'failed', error: { code: 'LOGIN_NEEDED' } });
    const again = await send(named('POST', '/api/v2/jobs/:id/retry'), { source_username: source.adminUser });
    variables.set('job', again.body.job_id);
    const events = await send(named('GET', '/api/v2/jobs/:id/events'));
    expect(events.text).toContain('"step":"verify"');
    const made = await follow();
    expect(made).toMatchObject({ status: 'completed', progress: 100, clone_id: 'by-api', result: { status: 'ready' } });
    expect(made).toMatchObject({ clone_url: made.result.clone_url, password: made.result.password });
    expect((await send(named('POST', '/api/v2/clone'), body)).body.error.code).toBe('NAME_TAKEN');

    await sqlOfClone(cli, "UPDATE wp_options SET option_value = 'By API' WHERE option_name = 'blogname'");
    const choice = { only: ['settings'] };
    const plan = await job('/api/v2/restore', choice);
    expect(plan).toMatchObject({ status: 'completed', type: 'restore', result: { changes: 1, conflicts: 0 } });
    const { baseline, items } = plan.result;
    const agreed = {
      baseline,
      items: items.map(({ id, live, clone }: Record<string, string>) => ({ id, live, clone })),
    };
    const other = { ...agreed, items: [] };
    expect((await job('/api/v2/restore', { ...choice, dry_run: false, agreed: other })).error.code).toBe(
      'PLAN_OUTDATED',
    );
    const applied = await job('/api/v2/restore', { ...choice, dry_run: false, agreed });
    expect(applied.result).toMatchObject({ status: 'applied', rows: { wp_options: 1 }, replaced, added: [], lost: [] });
    variables.set('restore', applied.result.restore_id);
    expect(await site()).toContain('By API');

    const { units } = (await send(named('GET', '/api/v2/pool'))).body;
    expect(units).toMatchObject([{ state: 'READY', clone_id: 'by-api' }]);
    variables.set('unit', units[0].name);
    for (const one of requests.filter(({ request }) => request.method === 'GET')) {
      const { status } = await send(one);
      expect([one.request.url.raw, status < 300]).toEqual([one.request.url.raw, true]);
    }
    expect(await job('/api/v2/restores/:id/undo')).toMatchObject({ result: { status: 'undone', undone: 1, kept: [] } });
    expect(await site()).not.toContain('By API');
    expect((await job('/api/v2/restores/:id/accept')).error.code).toBe('RESTORE_GONE');
    const nothing = { ...choice, dry_run: false, clone_id: undefined, skip: ['settings'], only: undefined };
    const old = await send(named('POST', '/restore'), { ...nothing, source: { url: made.clone_url } });
    expect([old.status, old.body]).toEqual([
      200,
      expect.objectContaining({ success: true, items: 0, restore_id: expect.any(String) }),
    ]);

    const shown = await send(named('GET', '/api/v2/clones/:id'), {}, { show_password: 'true' });
    expect(shown.body).toMatchObject({ password: made.password, verified: true, findings: [] });
    expect((await send(named('POST', '/api/v2/clones/:id/login-link'))).body.login_url).toContain(made.clone_url);
    expect((await send(named('POST', '/api/v2/clones/:id/extend'))).status).toBe(200);

    const reset = await send(named('POST', '/api/v2/clones/:id/reset'));
    variables.set('job', reset.body.job_id);
    expect(await follow()).toMatchObject({ status: 'completed', type: 'reset' });
    expect((await send(named('GET', '/api/v2/jobs/:id/events'))).status).toBe(200);
    expect((await send(named('POST', '/api/v2/jobs/:id/cancel'))).body.error.code).toBe('JOB_ENDED');

    variables.set('job', (await send(named('DELETE', '/api/v2/delete/:id'))).body.job_id);
    expect(await follow()).toMatchObject({ status: 'completed', type: 'delete' });
    expect((await send(named('DELETE', '/api/v2/delete/:id'))).body).toEqual({ clone_id: 'by-api', deleted: true });
    expect((await send(named('POST', '/api/v2/gc'))).status).toBe(200);
    const off = await send(named('POST', '/api/v2/disconnect'), { source_url: source.url });
    expect(off.body).toEqual({ url: source.url, removed: true });
  });

  it(
    'bring what one site says to another, of which none was cloned, and take it back',
    { timeout: 600_000 },
    async () => {
      const second = await startSource({ posts: 1, mariadb: source.mariadb });
      try {
        await second.query("UPDATE wp_options SET option_value = 'By the second' WHERE option_name = 'blogname'");
        const from = { url: second.url, username: second.adminUser, password: second.adminPassword };
        const to = { url: source.url, username: source.adminUser, password: source.adminPassword };
        const between = { clone_id: undefined, source: from, target: to, only: ['option:blogname'], dry_run: false };
        const order = "post_type = 'shop_order' AND post_title = 'Theirs alone'";
        await source.query(
          "INSERT INTO wp_posts (post_type, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered) VALUES ('shop_order', 'Theirs alone', '', '', '', '', '')",
        );
        const brought = await job('/api/v2/restore', between);
        expect(brought.result).toMatchObject({ url: source.url, status: 'applied', replaced, added: [], lost: [] });
        expect(brought.result.kept).toEqual(expect.any(Array));
        expect(await site()).toContain('By the second');
        variables.set('restore', brought.result.restore_id);
        expect(await job('/api/v2/restores/:id/undo')).toMatchObject({ result: { status: 'undone', kept: [] } });
        expect(await source.query(`SELECT COUNT(*) AS n FROM wp_posts WHERE ${order}`)).toMatchObject([{ n: 1 }]);
        const accepted = await job('/api/v2/restore', between);
        expect(accepted).toMatchObject({ status: 'completed', error: null });
        variables.set('restore', accepted.result.restore_id);
        expect(await job('/api/v2/restores/:id/accept')).toMatchObject({ status: 'completed' });
        expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
        expect(
          readdirSync(source.content, { recursive: true }).filter((name) => String(name).includes('.wpclone-rst')),
        ).toEqual([]);
        // What it made for itself is gone.
        expect((await send(named('GET', '/api/v2/clones'))).body.clones).toEqual([]);
      } finally {
        await second.stop();
      }
    },
  );

  it('have an old form that waits for the clone and answers flat', async () => {
    const body = { source_url: source.url, source_username: source.adminUser, customer_id: 'old' };
    const made = await send(named('POST', '/clone'), body);
    expect(made).toMatchObject({
      status: 200,
      body: { success: true, clone_id: 'old', login_url: expect.any(String) },
    });
    expect((await fetch(made.body.login_url)).status).toBe(200);
  });

  it('keep instances ready as somebody says, one of which a clone then takes', async () => {
    const pool = async () => (await send(named('GET', '/api/v2/pool'))).body;
    expect((await send(named('POST', '/api/v2/pool/resume'))).body).toMatchObject({ mode: 'running' });
    expect((await send(named('PUT', '/api/v2/pool'), { min: 1, max: 1 })).status).toBe(200);
    for (let tries = 0; (await pool()).sub_pools[0].warm !== 1; tries += 1) {
      expect(tries).toBeLessThan(300);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const body = { source_url: source.url, customer_id: 'warmed' };
    const taken = await send(named('POST', '/api/v2/clone'), body);
    variables.set('job', taken.body.job_id);
    const made = (await send(named('GET', '/api/v2/job-status/:id'), {}, { wait: '60' })).body;
    expect(made).toMatchObject({ status: 'completed', result: { unit: 'warm' } });
    const drained = (await send(named('POST', '/api/v2/pool/drain'))).body;
    expect(drained).toMatchObject({ mode: 'draining', kept_by: expect.stringMatching(/^the agent on/) });
    expect((await pool()).clones.from_pool).toBeGreaterThanOrEqual(1);
    const scraped = await fetch(filled('{{base}}/metrics'), { headers: { authorization: filled('Bearer {{token}}') } });
    expect(await scraped.text()).toMatch(/^wpclone_pool_claims_total\{unit="warm"\} [1-9]/m);
  });
});
