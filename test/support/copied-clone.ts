import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { databaseName } from '../../src/runtime/local/databases.ts';
import type { ConfigureResult, ConfigureTask, InstanceContext } from '../../src/instance/types.ts';
import type { Instance, ProvisionLease } from '../../src/runtime/leases.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import type { TestHome } from './local-runtime.ts';
import { siteInfo } from './site-info.ts';
import type { Source } from './source/index.ts';
import { run } from './temp.ts';

export interface CopiedClone {
  readonly id: string;
  readonly url: string;
  readonly instance: Instance;
  readonly lease: ProvisionLease;
  readonly task: ConfigureTask;
  readonly result: ConfigureResult;
  /** Runs PHP inside the clone's web server with WordPress loaded and returns what it prints. */
  php(code: string): Promise<string>;
  get(
    path: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; headers: Record<string, unknown>; body: string }>;
}

export const instanceContext = (signal = new AbortController().signal): InstanceContext => ({
  signal,
  progress: () => undefined,
  retry: () => undefined,
});

/** A clone whose content was copied beside the transfer (cp and a dump), for tests of what comes after it. */
export async function copyClone(
  home: TestHome,
  source: Source,
  changes: {
    readonly task?: Partial<ConfigureTask>;
    readonly info?: Partial<SiteInfo>;
    /** Called with the clone's document root before it is configured. */
    readonly prepare?: (www: string) => void;
  } = {},
): Promise<CopiedClone> {
  const id = `copy-${randomBytes(3).toString('hex')}`;
  const expiresAt = Date.now() + 600_000;
  const lease = await home.runtime.provision({ id, sourceUrl: source.url, expiresAt }, home.context);
  const { instance } = lease;
  const { www } = home.paths(id);
  const cloneUrl = `${new URL(instance.url).origin}${new URL(source.url).pathname}`.replace(/\/$/, '');
  await run(['cp', '-a', `${source.docroot}/.`, www]);
  const dump = await run([
    'mariadb-dump',
    '--no-defaults',
    '-uroot',
    '-S',
    source.mariadb.socket,
    source.database.name,
  ]);
  const origin = new RegExp(new URL(source.url).origin.replaceAll('.', '\\.'), 'g');
  const client = ['mariadb', `--defaults-file=${home.layout.database.administrator}`, databaseName(home.unit(id))];
  await run(client, dump.replace(origin, new URL(instance.url).origin));
  changes.prepare?.(www);
  const task: ConfigureTask = {
    cloneId: id,
    cloneUrl,
    info: { ...infoOf(source), ...changes.info },
    media: 'copy',
    expiresAt,
    admin: { username: 'wpclone-test', password: randomBytes(9).toString('hex'), email: 'wpclone@clone.invalid' },
    keepMail: false,
    insecureTls: false,
    defines: {},
    ...changes.task,
  };
  const result = await instance.operations.configure(task, instanceContext());
  const clone: CopiedClone = {
    id,
    url: cloneUrl,
    instance,
    lease,
    task,
    result,
    php: async (code) => {
      const name = `probe-${randomBytes(4).toString('hex')}.php`;
      const core = join(www, new URL(source.siteUrl).pathname);
      writeFileSync(join(core, name), `<?php require __DIR__ . '/wp-load.php'; ${code}`);
      const { status, body } = await clone.get(`${new URL(source.siteUrl).pathname.replace(/\/$/, '')}/${name}`);
      if (status !== 200) throw new Error(`the probe answered ${status}: ${body}`);
      return body;
    },
    get: async (path, headers = {}) => {
      const answer = await request(`${new URL(instance.url).origin}${path}`, { headers });
      return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
    },
  };
  return clone;
}

/** What the migrator would say of a source without an unusual layout. */
function infoOf(source: Source): SiteInfo {
  const content = `${source.siteUrl}/wp-content`;
  return siteInfo({
    home: source.url,
    siteurl: source.siteUrl,
    tablePrefix: source.tablePrefix,
    paths: {
      abspath: source.path,
      content: source.content,
      plugins: `${source.content}/plugins`,
      muPlugins: `${source.content}/mu-plugins`,
      uploads: `${source.content}/uploads`,
    },
    urls: { content, plugins: `${content}/plugins`, uploads: `${content}/uploads` },
    roots: [{ id: 'core', path: source.docroot, place: '' }],
  });
}
