import { toWpcloneError } from '../../shared/errors.ts';
import { findLoginForm } from '../../site/connect/visit/login-form.ts';
import { lookAt, type Seen } from '../../site/looks.ts';
import { findSourceAdministrator, type SourceAdministrator } from '../administrator.ts';
import { onDatabase } from '../clone-database.ts';
import { createLoginLink, logInAs } from '../login-links.ts';
import type { ConfigureTask, InstanceSite } from '../types.ts';
import { does } from './compare.ts';
import type { Visitor, Visitors } from './visitor.ts';

/** What a one-time link led to. */
export interface Entry {
  /** A page of the administration was reached, with an administrator's rights. */
  readonly inside: boolean;
  /** Whom the links of this clone log in; absent: its own administrator. */
  readonly as?: SourceAdministrator;
  /** For people: what the link did. */
  readonly did: string;
  /** Who went in, or stands before the door; absent when there was no answer. */
  readonly visitor?: Visitor;
}

export interface Door {
  readonly site: InstanceSite;
  readonly task: ConfigureTask;
  readonly visitors: Visitors;
  readonly randomBytes: (size: number) => Buffer;
  readonly signal: AbortSignal;
}

/**
 * Goes in by a log-in link, whatever the log-in page does. Where the clone's own administrator is not let into the
 * administration, links log in the one that was used at the source from now on, if that one is.
 */
export async function enter(door: Door): Promise<Entry> {
  await logInAs(door.site.paths, undefined);
  const own = await byLink(door);
  if (own.inside || own.visitor === undefined) return own;
  const { site, task } = door;
  const as = await onDatabase(site.database, door.signal, (connection) =>
    findSourceAdministrator(connection, task.info, { username: task.sourceUsername, except: task.admin.username }),
  );
  if (as === undefined) return own;
  await logInAs(site.paths, as.id);
  const other = await byLink(door);
  if (other.inside) return { ...other, as };
  await logInAs(site.paths, undefined);
  return own;
}

async function byLink({ site, visitors, randomBytes, signal }: Door): Promise<Entry> {
  const visitor = visitors.newcomer();
  try {
    const link = await createLoginLink(site.paths, randomBytes);
    const seen = await lookAt(new URL(link), (url) => visitor.get(url));
    return { inside: isInside(seen, visitor), did: does(seen.look), visitor };
  } catch (error) {
    signal.throwIfAborted();
    return { inside: false, did: `gives no answer: ${toWpcloneError(error).message}` };
  }
}

/** A page that a plugin shows instead of the dashboard (terms to accept, a second factor to set up) is inside too. */
function isInside({ look, url, answer }: Seen, visitor: Visitor): boolean {
  if (look.status < 200 || look.status > 299 || !visitor.isLoggedIn()) return false;
  // The must-use plugin says it of whoever reaches the administration.
  if (answer.headers['x-wpclone-rights'] === 'none') return false;
  const ofAdministration = /<body[^>]*\bwp-admin\b/.test(answer.body);
  return ofAdministration || (url.pathname.includes('/wp-admin/') && !look.passwordField);
}

/** Sends the log-in form of a page; undefined when the page has none whose fields are WordPress's own. */
export async function byPassword(visitor: Visitor, seen: Seen, task: ConfigureTask): Promise<boolean | undefined> {
  const { status, body } = seen.answer;
  const form = findLoginForm({ url: seen.url, status, headers: {}, text: body });
  if (form === undefined) return undefined;
  const { username, password } = task.admin;
  await visitor.post(form.action, { ...form.fields, log: username, pwd: password });
  return visitor.isLoggedIn();
}
