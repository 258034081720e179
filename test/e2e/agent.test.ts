import { once } from 'node:events';
import { createServer, request, type RequestOptions } from 'node:http';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { acceptedSchema } from '../../src/operations/schemas.ts';
import { startAgent } from '../support/agent-process.ts';
import { commandLine } from '../support/cli.ts';
import { makeTemp, run } from '../support/temp.ts';
import { spansIn } from '../support/spans.ts';

const cli = commandLine();
afterAll(() => cli.stop());

/** Asks under another name, as a page does whose name was pointed at this address. */
const under = (url: string, host: string): Promise<number> => {
  const { hostname, port } = new URL(url);
  return statusOf({ hostname, port, path: '/api/v2/jobs', headers: { host } });
};

const statusOf = (options: RequestOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    request(options, ({ statusCode = 0 }) => resolve(statusCode))
      .on('error', reject)
      .end();
  });

/** What the doctor says of the agent; whatever else this machine lacks. */
async function doctorOn(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { stdout } = await cli.run(['doctor', ...args, '--json'], { environment });
  const { checks }: { checks: { name: string; ok: boolean; detail: string }[] } = JSON.parse(stdout);
  const found = checks.find(({ name }) => name === 'agent');
  return [found?.ok, found?.detail];
}

describe('wpclone agent', () => {
  it('says where it is, and asks for a token at both doors: what a clone runs has its owner’s rights, and could open the socket', async () => {
    const agent = await startAgent(cli);
    expect(agent.running.process.stdout?.readable).toBe(true);
    await agent.running.seen(
      /^wpclone agent on http:\/\/127\.0\.0\.1:\d+ \(token: .*agent\.token\) {3}runtime local {3}4 jobs at once/,
    );
    expect((await agent.fetch('/api/v2/jobs')).status).toBe(401);
    const headers = { authorization: `Bearer ${agent.token}` };
    expect((await agent.fetch('/api/v2/jobs', { headers })).status).toBe(200);
    expect((await agent.call('GET', '/api/v2/jobs')).status).toBe(200);
    expect(await statusOf({ socketPath: agent.socket, path: '/api/v2/jobs' })).toBe(401);
    expect(statSync(agent.socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(cli.home, 'agent.token')).mode & 0o777).toBe(0o600);
    expect(await under(String(agent.url), 'evil.example')).toBe(403);
    expect(
      (await agent.fetch('/api/v2/jobs', { headers: { ...headers, origin: 'https://evil.example' } })).status,
    ).toBe(403);
    expect((await agent.fetch('/readyz')).status).toBe(200);
    const { finished } = agent.running;
    agent.running.process.kill('SIGTERM');
    const { stderr, code } = await finished;
    expect(code).toBe(0);
    expect(stderr).not.toContain(agent.token);
  });

  it('keeps its home for itself: a second one names the first and changes nothing', async () => {
    const agent = await startAgent(cli);
    const second = await cli.run(['agent', '--port', '0', '--json']);
    expect(second.code).toBe(5);
    expect(JSON.parse(second.stdout)).toMatchObject({
      error: { code: 'AGENT_RUNNING', message: expect.stringContaining(`process ${agent.pid} on`) },
    });
    const status = await cli.json(['agent', 'status']);
    expect(status).toMatchObject({ pid: agent.pid, url: agent.url, runtime: 'local', ready: true, draining: false });
    expect(await doctorOn([])).toEqual([true, expect.stringContaining(`${agent.url}, process ${agent.pid}`)]);
    expect(await doctorOn(['--agent', String(agent.url)])).toEqual([false, expect.stringContaining('token')]);
    expect(await cli.json(['agent', 'stop'])).toEqual({ stopped: true });
    expect((await agent.running.finished).code).toBe(0);
    expect((await cli.run(['agent', 'status', '--json'])).code).toBe(5);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'keeps its home for itself also where another sees other processes, as in a container (skipped without root, which the test takes)',
    async () => {
      const agent = await startAgent(cli);
      const apart = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'env', `WPCLONE_HOME=${cli.home}`];
      const other = [process.execPath, join(import.meta.dirname, '../../bin/run.js'), 'agent', '--port', '0'];
      await expect(run([...apart, ...other])).rejects.toThrow('AGENT_RUNNING');
      expect((await agent.fetch('/readyz')).status).toBe(200);
      await agent.end('SIGTERM');
    },
  );

  it('goes on with its token and port free after it was killed', async () => {
    const first = await startAgent(cli);
    await first.end('SIGKILL');
    expect(await doctorOn([])).toEqual([false, expect.stringContaining('start it again')]);
    const next = await startAgent(cli);
    const named = { WPCLONE_AGENT: String(next.url), WPCLONE_AGENT_TOKEN: next.token };
    expect(await doctorOn([], named)).toEqual([true, expect.stringMatching(/^http:\S+, wpclone \S+, local$/)]);
    expect(next.token).toBe(first.token);
    expect((await next.call('GET', '/livez')).status).toBe(200);
    await next.end('SIGTERM');
  });

  it('makes tokens that are shown once, and knows at once when one is revoked', async () => {
    const agent = await startAgent(cli);
    const made = await cli.json<{ id: string; token: string }>(['agent', 'token', 'create', 'ci', '--scope', 'read']);
    const headers = { authorization: `Bearer ${made.token}` };
    expect((await agent.fetch('/api/v2/jobs', { headers })).status).toBe(200);
    expect((await agent.fetch('/api/v2/agent/stop', { method: 'POST', headers })).status).toBe(403);
    const { stdout } = await cli.run(['agent', 'token', 'list']);
    expect(stdout).toContain(made.id);
    expect(stdout).not.toContain(made.token);
    await cli.json(['agent', 'token', 'revoke', made.id]);
    expect((await agent.fetch('/api/v2/jobs', { headers })).status).toBe(401);
    await agent.end('SIGTERM');
  });

  it('lets commands of another home in with the token that its guide makes, and shows them what is theirs', async () => {
    const [operator, elsewhere] = [commandLine(), commandLine()];
    const agent = await startAgent(operator);
    onTestFinished(() => elsewhere.stop());
    onTestFinished(() => operator.stop());
    const made = ['agent', 'token', 'create', 'ci', '--scope', 'clone', '--customer', 'acme'];
    const { token } = await operator.json<{ token: string }>(made);
    const environment = { WPCLONE_AGENT: String(agent.url), WPCLONE_AGENT_TOKEN: token };
    const nowhere = ['clone', 'http://127.0.0.1:1', '-u', 'admin', '--password-file', '-', '--json'];
    const failed = await elsewhere.run(nowhere, { environment, input: 'secret' });
    expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([1, { error: { code: 'UNREACHABLE' } }]);
    await agent.call('POST', '/api/v2/clone', { source_url: 'http://127.0.0.1:1' });
    const { jobs } = await elsewhere.json<{ jobs: object[] }>(['jobs'], { environment });
    expect(jobs).toMatchObject([{ type: 'clone', error: { code: 'UNREACHABLE' } }]);
    expect(await elsewhere.json(['list'], { environment })).toEqual({ clones: [] });
    await agent.end('SIGTERM');
  });

  it('works without tokens on loopback only', async () => {
    const refused = await cli.run(['agent', '--no-auth', '--host', '0.0.0.0', '--port', '0', '--json']);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'BAD_INPUT' } });
    const agent = await startAgent(cli, ['--no-auth', '--keep-jobs', '90d']);
    await agent.running.seen(/ \(no token\) .*\n! Whoever reaches http:\S+ may do everything/);
    expect((await agent.fetch('/api/v2/jobs')).status).toBe(200);
    expect(await under(String(agent.url), 'evil.example')).toBe(403);
    await agent.end('SIGTERM');
  });

  it('speaks TLS with a certificate of its own; one that nobody vouches for, and a key of another, are told as that', async () => {
    const folder = makeTemp('tls');
    const file = (name: string): string => join(folder, name);
    const [cert, key, other] = [file('cert.pem'), file('key.pem'), file('other.pem')] as const;
    const subject = ['-days', '2', '-subj', '/CN=agent', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject]);
    await run(['openssl', 'genrsa', '-out', other, '2048']);
    const refused = await cli.run(['agent', '--port', '0', '--tls-cert', cert, '--tls-key', other, '--json']);
    expect([refused.code, JSON.parse(refused.stdout).error.code]).toEqual([2, 'BAD_INPUT']);

    const agent = await startAgent(cli, ['--tls-cert', cert, '--tls-key', key]);
    expect(agent.url).toMatch(/^https:/);
    const environment = { WPCLONE_AGENT: String(agent.url), WPCLONE_AGENT_TOKEN: agent.token };
    const doubted = await cli.run(['jobs', '--json'], { environment });
    expect(JSON.parse(doubted.stdout).error).toMatchObject({
      code: 'AGENT_UNREACHABLE',
      next_steps: [expect.stringContaining('NODE_EXTRA_CA_CERTS')],
    });
    const believed = await cli.run(['jobs', '--json'], { environment: { ...environment, NODE_EXTRA_CA_CERTS: cert } });
    expect([believed.code, JSON.parse(believed.stdout)]).toEqual([0, { jobs: [] }]);
    await agent.end('SIGTERM');
  });

  it('tells of its jobs as traces where it is told to, as part of the one that a request names', async () => {
    const bodies: string[] = [];
    const collector = createServer((incoming, response) => {
      void text(incoming).then((body) => bodies.push(body));
      response.end('{}');
    });
    onTestFinished(() => void collector.close());
    await once(collector.listen(0, '127.0.0.1'), 'listening');
    const address = collector.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const told = ['--otlp-endpoint', `http://127.0.0.1:${port}`];
    // Those that others can call refuse private addresses at the first attempt.
    const agent = await startAgent(cli, [...told, '--host-name', 'clones.example']);
    const CANARY = 'canary-Zx81kQ';
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const asked = await agent.fetch('/api/v2/clone', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${agent.token}`,
        'content-type': 'application/json',
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify({ source_url: 'http://127.0.0.1:9', source_username: 'admin', source_password: CANARY }),
    });
    const { job_id: job } = acceptedSchema.parse(await asked.json());
    await agent.until(job, ({ status }) => status === 'failed');
    await agent.end('SIGTERM');
    expect(bodies.join('')).not.toContain(CANARY);
    const spans = bodies.flatMap(spansIn);
    // The job's own ends last, after its steps.
    const whole = spans.at(-1);
    expect(whole).toMatchObject({ traceId, name: 'wpclone clone', failed: true });
    expect(whole?.attributes['wpclone.job.id']).toBe(job);
    const step = {
      traceId,
      name: 'connect',
      parentSpanId: whole?.spanId,
      attributes: { 'error.type': 'PRIVATE_ADDRESS' },
    };
    expect(spans).toContainEqual(expect.objectContaining(step));
  });

  it('that others can call clones nothing of its own networks, unless it is allowed to', async () => {
    const agent = await startAgent(cli, ['--host-name', 'clones.example']);
    const clone = { source_url: 'http://127.0.0.1:9/', source_username: 'admin', source_password: 'x' };
    const { body } = await agent.call('POST', '/api/v2/clone', clone);
    const refused = await agent.until(String(body['job_id']), ({ status }) => status === 'failed');
    expect(refused).toMatchObject({ attempt: 1, error: { code: 'PRIVATE_ADDRESS' } });
    await agent.end('SIGTERM');

    const allowed = await startAgent(cli, ['--host-name', 'clones.example', '--private-source', '127.0.0.0/8']);
    const again = await allowed.call('POST', '/api/v2/clone', clone);
    const tried = await allowed.until(String(again.body['job_id']), ({ error }) => error !== null);
    expect(tried).toMatchObject({ error: { code: 'UNREACHABLE' } });
    await allowed.end('SIGKILL');
  });
});
