import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { createLoginLink } from './login-links.ts';
import { linksToSource } from './page-links.ts';
import type { ConfigureTask, InstancePaths, VerifyResult } from './types.ts';
import { type Page, type Visitor, createVisitor } from './visitor.ts';

type Check = VerifyResult['checks'][number];

export interface VerifyDependencies extends Pick<WorkContext, 'randomBytes'> {
  /** Where the instance's web server is reached from here, such as http://127.0.0.1:8101; the Host header is the clone's. */
  readonly base: string;
  readonly sleep: WorkContext['sleep'];
}

/** Looks at the clone as a person would. Throws VERIFY_FAILED with the first check that failed and what PHP logged. */
export async function verifyInstance(
  paths: InstancePaths,
  task: ConfigureTask,
  dependencies: VerifyDependencies,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const visitor = createVisitor(dependencies.base, task.cloneUrl, { sleep: dependencies.sleep, signal });
  try {
    const [front, login] = await Promise.all([
      frontPage(visitor, task),
      logIn(visitor, task, () => createLoginLink(paths, dependencies.randomBytes)),
    ]);
    const checks = [...front, ...login];
    const failed = checks.find((check) => !check.ok);
    if (failed !== undefined) throw await verifyFailed(paths, failed);
    return { checks };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WpcloneError) throw error;
    const detail = toWpcloneError(error).message;
    throw await verifyFailed(paths, { name: 'answer', ok: false, detail });
  } finally {
    await visitor.close();
  }
}

async function frontPage(visitor: Visitor, task: ConfigureTask): Promise<readonly Check[]> {
  const page = await follow(visitor, `${task.cloneUrl}/`);
  const leaks = page.status === 200 ? linksToSource(page.body, [task.info.home, task.info.siteurl], page.url) : [];
  return [
    { name: 'front page', ok: page.status === 200, detail: answered(page) },
    {
      name: 'links',
      ok: leaks.length === 0,
      detail:
        leaks.length === 0 ? 'none leads to the source' : `${leaks.length} lead to the source, such as ${leaks[0]}`,
    },
  ];
}

/** How many redirects a front page may take: to a language, to a log-in for members. */
const HOPS = 5;

async function follow(visitor: Visitor, url: string): Promise<Page> {
  let page = await visitor.get(url);
  for (let hop = 0; hop < HOPS && page.location !== undefined; hop += 1) {
    const next = URL.canParse(page.location, page.url) ? new URL(page.location, page.url) : undefined;
    if (next?.origin !== new URL(url).origin) break;
    page = await visitor.get(next.href);
  }
  return page;
}

/** By the form where WordPress's own is there; a plugin that moved it leaves the one-time link. */
async function logIn(visitor: Visitor, task: ConfigureTask, link: () => Promise<string>): Promise<readonly Check[]> {
  const siteUrl = `${new URL(task.cloneUrl).origin}${new URL(task.info.siteurl).pathname}`.replace(/\/+$/, '');
  const form = await visitor.get(`${siteUrl}/wp-login.php`);
  const hasForm = form.status === 200 && /\bname=["']pwd["']/.test(form.body);
  const moved = form.status === 404 || (form.status === 200 && !hasForm);
  if (!hasForm && !moved) return [{ name: 'log-in page', ok: false, detail: answered(form) }];
  if (moved) await visitor.get(await link());
  else {
    const { username, password } = task.admin;
    const fields = { log: username, pwd: password, redirect_to: `${siteUrl}/wp-admin/profile.php`, testcookie: '1' };
    await visitor.post(`${siteUrl}/wp-login.php`, fields);
  }
  const admin = await visitor.get(`${siteUrl}/wp-admin/profile.php`);
  const inside = admin.status === 200 && /<body[^>]*\bwp-admin\b/.test(admin.body);
  return [
    { name: 'log-in page', ok: true, detail: moved ? 'moved by a plugin; entered by link' : answered(form) },
    { name: 'log-in', ok: inside, detail: inside ? 'reached wp-admin' : `did not reach wp-admin: ${answered(admin)}` },
  ];
}

const answered = (page: Page): string =>
  page.location === undefined ? `answered ${page.status}` : `answered ${page.status} to ${page.location.split('?')[0]}`;

async function verifyFailed(paths: InstancePaths, check: Check): Promise<WpcloneError> {
  const log = await lastPhpErrors(paths);
  const said = log.length === 0 ? '' : ` PHP said: ${log.join(' | ')}`;
  return new WpcloneError('VERIFY_FAILED', `The ${check.name} of the clone failed: ${check.detail}.${said}`, {
    details: { check: check.name },
  });
}

/** The last lines of PHP's error log, shortened; arguments are never in it (zend.exception_ignore_args). */
async function lastPhpErrors(paths: InstancePaths): Promise<readonly string[]> {
  const text = await readFile(join(paths.run, 'php-errors.log'), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => /PHP (?:Fatal|Parse|Recoverable|Warning)/.test(line));
  return lines.slice(-3).map((line) => line.replace(/^\[[^\]]*\] /, '').slice(0, 300));
}
