import type { WarningCode } from '../../shared/events.ts';
import { printable } from '../../shared/format.ts';
import type { Finding } from '../../shared/findings.ts';
import type { Seen, Sight } from '../../site/looks.ts';
import type { SiteInfo } from '../../site/info.ts';
import type { ConfigureTask, VerifyResult } from '../types.ts';
import { sameHost } from '../../site/own-urls.ts';
import { plainWords } from '../../site/connect/visit/page.ts';
import { parseHtml } from '../../site/html.ts';
import { compare, does, isGood } from './compare.ts';
import type { Entry } from './entry.ts';
import { languagesElsewhere } from './languages.ts';
import type { PageFiles } from './page-files.ts';
import { linksToSource } from './page-links.ts';

/** A page of the clone, or why it gave no answer. */
export type Sighting = Seen | { readonly failed: string };

const NOTHING: VerifyResult = { findings: [], warnings: [] };
/** Findings are kept with the clone: they stay short whatever a site says. */
const LONGEST = 1000;

const finding = (check: Finding['check'], code: Finding['code'], message: string): VerifyResult => ({
  findings: [{ check, code, message: printable(message).slice(0, LONGEST) }],
  warnings: [],
});
const warning = (code: WarningCode, message: string): VerifyResult => ({
  findings: [],
  warnings: [{ code, message: printable(message).slice(0, LONGEST) }],
});

/** The findings and warnings of several looks as those of one. */
export const together = (...parts: readonly VerifyResult[]): VerifyResult => ({
  findings: parts.flatMap((part) => part.findings),
  warnings: parts.flatMap((part) => part.warnings),
});

/** Which name stands for the folder (index.html before index.php) is a setting of web servers that cannot be read at the source. */
const HIDDEN =
  "The front page is WordPress's; the source's web server shows visitors another page there, such as a file index.html.";

const hides = (source: Sight): boolean => !('failed' in source) && source.wordpress === false;

/** `inside` is what the front page shows to the administrator, looked at where visitors are shown nothing. */
export function judgeFront(front: Sighting, source: Sight, inside: Sighting | undefined, said: string): VerifyResult {
  const differs = (why: string) => finding('front page', 'FRONT_PAGE_DIFFERS', `The front page ${why}.${said}`);
  if ('failed' in front) {
    const why = `gives no answer: ${front.failed}`;
    // What visitors wait for in vain at the source too is nothing that the clone lacks.
    return 'failed' in source && source.slow
      ? warning('NOT_COMPARED', `The front page ${why}; the source's could not be compared: ${source.failed}.${said}`)
      : differs(why);
  }
  const { look } = front;
  const comparison = compare(look, source, 'front');
  // WordPress's words for an error of PHP say less than PHP.
  const explained = said !== '' && (look.status >= 500 || look.fatal === true);
  if (comparison.kind === 'different') return differs(`${comparison.why}${explained ? '' : wordsOf(front)}`);
  const shown = inside !== undefined && !('failed' in inside) ? ` Logged in, it ${does(inside.look)}.` : '';
  if (comparison.kind === 'same') {
    if (isGood(look)) return hides(source) && look.wordpress ? warning('FRONT_PAGE', HIDDEN) : NOTHING;
    return warning('FRONT_PAGE', `The front page ${does(look)}, as the source's does.${shown}${said}`);
  }
  const unseen = `the source's could not be compared: ${comparison.why}`;
  if (!isGood(look) || look.empty) return differs(`${look.empty ? 'is empty' : does(look)}; ${unseen}`);
  return warning('NOT_COMPARED', `The front page ${does(look)}; ${unseen}.`);
}

/** Characters of a page that is no more than a message. */
const MESSAGE = 600;

/** What a page says that is nothing but a message, such as that a licence or a part of PHP is missing. */
function wordsOf({ look, answer }: Seen): string {
  if (!look.html || look.empty || answer.body.length > 20 * MESSAGE) return '';
  const $ = parseHtml(answer.body);
  $('script, style, title, #wpclone-bar').remove();
  const words = plainWords($.root().text());
  return words === '' || $.root().text().trim().length > MESSAGE ? '' : `. It says: ${words.replace(/\.$/, '')}`;
}

/** A log-in page that is moved or closed is the source's own affair; the link gets in without it. */
export function judgeLoginPage(login: Sighting, source: Sight, said: string): VerifyResult {
  const differs = (why: string) => finding('log-in page', 'LOGIN_PAGE_DIFFERS', `The log-in page ${why}.${said}`);
  if ('failed' in login) return differs(`gives no answer: ${login.failed}`);
  const comparison = compare(login.look, source, 'login');
  if (comparison.kind === 'different') return differs(comparison.why);
  if (comparison.kind === 'same') return NOTHING;
  const unseen = `the source's could not be compared: ${comparison.why}`;
  return login.look.status >= 500
    ? differs(`${does(login.look)}; ${unseen}`)
    : warning('NOT_COMPARED', `The log-in page ${does(login.look)}; ${unseen}.`);
}

/** `password`: whether the form took it; undefined where there was no form to send. */
export function judgeEntry(
  entry: Entry,
  password: boolean | undefined,
  task: ConfigureTask,
  said: string,
): VerifyResult {
  const own = task.admin.username;
  if (!entry.inside) {
    const why = `The log-in link of ${own} does not reach the administration: it ${entry.did}.${said}`;
    return finding('log-in', 'ADMINISTRATION_NOT_REACHED', why);
  }
  if (entry.as !== undefined) {
    const why = `The site does not let ${own} into its administration; log-in links log in ${entry.as.login} of the source instead.`;
    return finding('log-in', 'LOGIN_AS_SOURCE_ADMIN', why);
  }
  if (password !== false) return NOTHING;
  return warning('PASSWORD_LOGIN', `The log-in page does not let ${own} in by password alone; log-in links do.`);
}

/** The page is the one that is shown: to visitors, else to the administrator. */
export function judgeLinks(page: Sighting | undefined, info: SiteInfo): VerifyResult {
  if (page === undefined || 'failed' in page || !isGood(page.look)) return NOTHING;
  const links = linksToSource(page.answer.body, [info.home, info.siteurl], page.url.href);
  if (links.length === 0) return NOTHING;
  const some = links.slice(0, 3).map((link) => link.slice(0, 200));
  const many = links.length === 1 ? '1 link' : `${links.length} links`;
  return finding(
    'links',
    'LINKS_TO_SOURCE',
    `${many} of the front page lead to the source, such as ${some.join(', ')}`,
  );
}

/** `sources`: the site's own addresses, which links tell of. */
export function judgeFiles(files: PageFiles, sources: readonly string[]): VerifyResult {
  return together(judgeMissing(files), judgeCopies(files, sources));
}

/** Where they live at addresses that only rules of the source's web server know. A single one may be missing at the source too. */
function judgeMissing({ asked, missing }: PageFiles): VerifyResult {
  if (missing.length === 0 || missing.length < Math.min(2, asked / 2)) return NOTHING;
  const which = `${missing.length} of ${asked} styles and scripts of the front page that were asked for`;
  return warning(
    'FRONT_PAGE',
    `${which} answer 404 in the clone: ${missing.map((path) => path.slice(0, 100)).join(', ')}. If the live site has them, its web server gives them other names (a plugin that hides WordPress's folders does so): switch that plugin off in the clone.`,
  );
}

/** People wonder why a change of a style is not seen. */
function judgeCopies({ copies }: PageFiles, sources: readonly string[]): VerifyResult {
  const others = copies.filter(
    (host) => !sources.some((source) => sameHost(new URL(source), new URL(`http://${host}`))),
  );
  if (others.length === 0) return NOTHING;
  return warning(
    'FRONT_PAGE',
    `The front page takes styles or scripts of plugins and themes from ${others.slice(0, 3).join(', ')}, as the source's does: what is changed of them in the clone is not seen before its CDN is switched off.`,
  );
}

/** MySQL has words that MariaDB lacks (`->>`, ANY_VALUE): mostly nothing fails then, and something is missing from a page. */
export function judgeDatabase({ database }: SiteInfo, refused: string): VerifyResult {
  if (refused === '') return NOTHING;
  return warning(
    'DATABASE_DIFFERS',
    `The site's database is MySQL ${database.version}, its clone's MariaDB, which does not understand all of the site's code. It said: ${refused}`,
  );
}

/** WPML, Polylang and their like can give each language a domain; a clone has one address. */
export function judgeLanguages(page: Sighting | undefined): VerifyResult {
  if (page === undefined || 'failed' in page || !isGood(page.look)) return NOTHING;
  const elsewhere = languagesElsewhere(page);
  const [example] = elsewhere.values();
  if (example === undefined) return NOTHING;
  const named = [...elsewhere.keys()].slice(0, 10).join(', ');
  return warning(
    'FRONT_PAGE',
    `Other languages of the front page (${named}) have addresses of their own, such as ${example.slice(0, 200)}: links to them lead there, not into the clone.`,
  );
}
