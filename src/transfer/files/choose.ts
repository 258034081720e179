import type { ManifestEntry } from '../../site/client-types.ts';
import type { WarningCode } from '../../shared/events.ts';
import type { SiteInfo } from '../../site/info.ts';
import { pathMatcher } from '../glob.ts';
import type { TransferTask } from '../types.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import { fromDocumentRoot, watchPatterns } from './patterns.ts';
import { isFilePath, isReachable, isWithin, joinPlaces, linkTarget, placeOf, rootPlace } from './places.ts';

/**
 * Folders and files under the content folder that no copy needs: caches that are made again, what updates left behind, and other
 * tools' and hosts' backups (WP Engine: mysql.sql), which may be larger than the site.
 */
const LEFT_OUT_OF_CONTENT = [
  'cache', 'wphb-cache', 'endurance-page-cache', 'upgrade', 'upgrade-temp-backup', 'debug.log', 'wflogs', 'mysql.sql',
  'ai1wm-backups', 'updraft', 'backups-dup-lite', 'backups-dup-pro', 'wpvividbackups', 'backuply', 'backup-db',
  'backup-migration*', 'uploads/backwpup-*', 'uploads/backupbuddy_backups', 'uploads/backupbuddy_temp',
  'uploads/backup-guard', 'uploads/wp-clone', 'uploads/snapshots', 'uploads/wp-migrate-db',
  'uploads/ithemes-security/backups', 'uploads/ithemes-security/logs', 'uploads/mainwp/backup', 'uploads/aiowps_backups',
]; // prettier-ignore
/** What PHP logs to where the hosts with cPanel leave its setting alone: a file in each folder whose code was called, often of gigabytes. */
const PHP_LOG = /(^|\/)error_log$/;
/** The plugin that this tool installs at the source. */
const OWN_PLUGIN = 'wpclone-migrator';
/** The site's secrets, also in editors' and people's copies of the file. The sample that comes with WordPress is none. */
const SECRETS = /(^|\/)[.#]*wp-config(?!-sample\.php$)[^/]*\.php[^/]*$/i;

/** What is asked of the site, and what becomes of each thing that it lists. */
export interface FilePlan {
  /** Globs over paths from the document root, for the site to leave out. */
  readonly exclude: readonly string[];
  /** What becomes of an entry: where it goes, or undefined when it is left out (said in a warning where it is not wanted). */
  readonly choose: (entry: ManifestEntry) => ChosenEntry | undefined;
  /** Tells of something that the site does not send. */
  readonly withheld: (root: string, path: string) => void;
  /** Whether a place lies in the uploads. */
  readonly isUpload: (place: string) => boolean;
  /** Told of globs by which the site left something out. */
  readonly fits: (numbers: readonly number[]) => void;
  /** Once all was listed: tells of patterns that left nothing out. */
  readonly tellOfUnmatched: () => void;
}

/** Something that is copied. */
export interface ChosenEntry {
  /** The path under the document root. */
  readonly place: string;
  readonly entry: ManifestEntry;
  /** For a symbolic link. */
  readonly target?: string;
}

/** Throws SOURCE_FAILED when a root's place leads out of the document root. */
export function planFiles(task: TransferTask, warnings: WarningCollector): FilePlan {
  const { info } = task;
  sayWhetherHomeIsMissing(info, warnings);
  if (placeOf(info, info.paths.uploads) === undefined)
    warnings.add(
      'SYMLINK_OUTSIDE',
      `The uploads were left out: ${escapedName(info.paths.uploads)} lies outside of the site.`,
    );
  const places = new Map(info.roots.map((root) => [root.id, rootPlace(root)]));
  // Of two folders for one address the site uses its own: a core that many sites share brings a content folder that is nobody's.
  const below = new Map(
    [...places].map(([id, own]) => [id, [...places.values()].filter((each) => each !== own && isWithin(each, own))]),
  );
  const content = placeOf(info, info.paths.content);
  const plugins = placeOf(info, info.paths.plugins);
  const uploads = placeOf(info, info.paths.uploads);
  const core = placeOf(info, info.paths.abspath) ?? '';
  // What somebody asked for comes first: the site names one glob for each thing that it leaves out.
  const exclude = [
    ...fromDocumentRoot(task.excludePaths, core),
    ...(content === undefined ? [] : LEFT_OUT_OF_CONTENT.map((path) => joinPlaces(content, path))),
    ...(plugins === undefined ? [] : [joinPlaces(plugins, OWN_PLUGIN)]),
  ];
  const excluded = pathMatcher(exclude);
  const watched = watchPatterns(task.excludePaths, exclude, core);
  const taken = new Set<string>();
  const isUpload = (place: string): boolean => uploads !== undefined && isWithin(place, uploads);
  const withheld = (root: string, path: string): undefined => {
    watched.see(joinPlaces(places.get(root) ?? '', path));
    // The clone has one of its own.
    if (/(^|\/)wp-config\.php$/i.test(path)) return;
    warnings.add(
      'SECRET_LEFT_OUT',
      `${escapedName(joinPlaces(root, path))} left out: it may hold secrets of the site.`,
    );
  };
  return {
    exclude,
    isUpload,
    withheld,
    fits: watched.fits,
    tellOfUnmatched: () => {
      for (const pattern of watched.unmatched())
        warnings.add('EXCLUDE_UNMATCHED', `The pattern ${escapedName(pattern)} left out no file and no folder.`);
    },
    choose: (entry) => {
      const root = places.get(entry.root);
      if (root === undefined || (entry.path !== '' && !isFilePath(entry.path))) return refuse(entry, 'name', warnings);
      const place = joinPlaces(root, entry.path);
      if (!isReachable(place)) return refuse(entry, 'name', warnings);
      if (excluded(place)) {
        watched.see(place);
        return undefined;
      }
      if (below.get(entry.root)?.some((own) => isWithin(place, own)) === true) return undefined;
      if (entry.kind === 'file' && PHP_LOG.test(place)) return undefined;
      if (isSecret(place, info)) return withheld(entry.root, entry.path);
      if (taken.has(place)) return entry.kind === 'directory' ? undefined : refuse(entry, 'name', warnings);
      if (entry.kind === 'refused') return refuse(entry, entry.reason ?? 'unreadable', warnings);
      if (entry.kind !== 'directory' && task.media === 'proxy' && isUpload(place)) return undefined;
      const target = entry.kind === 'symlink' ? linkTarget(place, entry.target ?? '', root) : undefined;
      if (entry.kind === 'symlink' && target === undefined) return refuse(entry, 'outside', warnings);
      taken.add(place);
      return target === undefined ? { place, entry } : { place, entry, target };
    },
  };
}

/** The site gives the folder of its address as a root of its own when WordPress lies in one below, unless it cannot tell which that is. */
function sayWhetherHomeIsMissing({ home, siteurl, roots }: SiteInfo, warnings: WarningCollector): void {
  if (!siteurl.startsWith(`${home}/`) || roots.some(({ id }) => id === 'home')) return;
  const why = 'the source could not tell which folder serves its address';
  warnings.add('HOME_FOLDER_LEFT_OUT', `What lies beside the folder of WordPress was left out: ${why}.`);
}

function isSecret(place: string, info: SiteInfo): boolean {
  if (!SECRETS.test(place)) return false;
  const folder = place.split('/').slice(0, -1).join('/');
  const core = placeOf(info, info.paths.abspath) ?? '';
  // Beside WordPress or one folder up, where WordPress looks for it, and at the top of any root.
  return isWithin(core, folder) || info.roots.some((root) => root.place === folder);
}

const REASONS: Readonly<Record<NonNullable<ManifestEntry['reason']>, readonly [WarningCode, string]>> = {
  unreadable: ['FILE_UNREADABLE', 'the web server of the source may not read it'],
  outside: ['SYMLINK_OUTSIDE', 'it leads out of the copied folders'],
  loop: ['SYMLINK_OUTSIDE', 'it leads in a circle'],
  nowhere: ['SYMLINK_OUTSIDE', 'it leads nowhere'],
  name: ['FILE_NAME_REFUSED', 'its name cannot be used, is too long or is taken'],
  special: ['FILE_NAME_REFUSED', 'it is not a plain file'],
  'other-site': ['OTHER_SITE_IN_FILES', 'another WordPress lies there'],
};

function refuse(
  entry: ManifestEntry,
  reason: NonNullable<ManifestEntry['reason']>,
  warnings: WarningCollector,
): undefined {
  const [code, why] = REASONS[reason];
  warnings.add(code, `${escapedName(joinPlaces(entry.root, entry.path))} left out: ${why}.`);
}
