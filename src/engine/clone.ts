import type { ReportingContext, WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { StepName, Warning } from '../shared/events.ts';
import { bytes, count } from '../shared/format.ts';
import type { ConfigureTask, DatabaseResult, FilesResult, MediaMode, PullTask } from '../instance/types.ts';
import type { Finding } from '../shared/findings.ts';
import type { Runtime } from '../runtime/types.ts';
import type { Instance } from '../runtime/leases.ts';
import type { CloneFacts } from '../runtime/facts.ts';
import type { SourceAccess } from '../site/access.ts';
import { parseAddress } from '../site/connect/address.ts';
import type { SiteInfo } from '../site/info.ts';
import type { SeenPages, SourceLooks } from '../site/looks.ts';
import { newAdministrator } from './administrator.ts';
import { type Pipeline, runPipeline } from './pipeline.ts';
import { refuseWhatCannotBeCloned } from './plan.ts';
import { provision, type Provisioned } from './provision.ts';
import { refuseEmpty, verify, warn } from './verify.ts';

/** A source that answers signed requests, and what it said about itself. */
export interface ConnectedSource {
  readonly access: SourceAccess;
  readonly info: SiteInfo;
  readonly way: 'known-key' | 'http' | 'browser';
  /** This run put the plugin there: a failed clone takes it off again. */
  readonly installedNow: boolean;
  /** Who logs in there, by name or address, when that is known. */
  readonly username?: string | undefined;
  /** Its pages that were looked at on the way in. */
  readonly seen?: SeenPages | undefined;
}

/** What the pipeline needs of the live site; src/operations implements it with src/site and the remembered keys. */
export interface SourcePort {
  /** `leaving` is given the log-out, which then goes on beside what follows; without it there is none any more. */
  connect(context: ReportingContext, leaving?: (ending: Promise<void>) => void): Promise<ConnectedSource>;
  /** What its own pages do, to compare the clone with. Rejects only when cancelled. */
  look(source: ConnectedSource, context: WorkContext): Promise<SourceLooks>;
  /** Takes the plugin off the source and forgets its key. */
  disconnect(source: ConnectedSource, context: WorkContext): Promise<void>;
}

/** What a clone is to be, apart from how to log in to its source. */
export interface ClonePlan {
  /** As typed; the address is completed and checked. */
  readonly url: string;
  /** Absent: made from the host. */
  readonly name?: string;
  /** The clone that has the name by now is there until this one is ready, and is removed then. */
  readonly replace?: boolean | undefined;
  readonly ttlSeconds: number;
  readonly media: MediaMode;
  readonly excludeTables: readonly string[];
  /** Globs over names of tables that have not the site's prefix. */
  readonly includeTables?: readonly string[];
  readonly excludePaths: readonly string[];
  /** How far above the source's IDs those of the clone begin; absent: as far as the site's growth asks for. */
  readonly idGap?: number;
  /** Deliver mail instead of catching it. */
  readonly keepMail: boolean;
  /** Constants for the clone's wp-config.php. */
  readonly defines: ConfigureTask['defines'];
  /** The PHP that the clone must run on, such as `8.2`; absent: the nearest to the source's. */
  readonly php?: string;
  /** Keep no clone that differs from its source. */
  readonly strict: boolean;
  /** Let its PHP start programs. */
  readonly allowExec?: boolean | undefined;
}

/** What came of a clone that was made and compared with its source. Holds secrets: the password and the log-in link. */
export interface CloneOutcome {
  readonly facts: CloneFacts;
  readonly password: string;
  readonly loginUrl: string;
  readonly unit: Provisioned['unit'];
  readonly way: ConnectedSource['way'];
  readonly database: DatabaseResult;
  readonly files: FilesResult;
  readonly warnings: readonly Warning[];
  /** What differs from the source; empty when nothing does. Also in `facts`. */
  readonly findings: readonly Finding[];
  /** Seconds by step. */
  readonly timings: ReadonlyMap<StepName, number>;
}

/**
 * Copies a site into an instance of `runtime`, from command to verified clone; whatever fails, nothing stays behind.
 * Throws BAD_URL before anything is begun.
 */
export async function cloneSite(
  plan: ClonePlan,
  source: SourcePort,
  runtime: Runtime,
  context: WorkContext,
): Promise<CloneOutcome> {
  // Before a step is begun that it would fail.
  parseAddress(plan.url);
  const made = runPipeline(context, async (pipeline) => {
    const phpVersion = Promise.withResolvers<string | undefined>();
    const [connected, { lease, unit }] = await Promise.all([
      connect(pipeline, source, phpVersion.resolve),
      provision(pipeline, plan, runtime, phpVersion.promise),
    ]);
    const { access, info, left } = connected;
    const { instance } = lease;
    const early = [...differentPhp(info, instance), ...uploadsBehindPassword(plan.media, access)];
    warn(context, early);

    const cloneUrl = cloneUrlOf(instance.url, info.home);
    const { media, excludeTables, includeTables = [], excludePaths, ttlSeconds, idGap } = plan;
    const pull: PullTask = {
      access,
      info,
      cloneUrl,
      media,
      excludeTables,
      includeTables,
      excludePaths,
      ttlSeconds,
      idGap,
    };
    // Beside the transfer, so that it costs no time. What is thrown when all is cancelled is thrown by the others too.
    const looking = source.look(connected, pipeline.work);
    looking.catch(() => undefined);
    const [database, files] = await Promise.all([
      pullDatabase(pipeline, instance, pull, left),
      pullFiles(pipeline, instance, pull),
    ]);

    const admin = newAdministrator(context);
    const task: ConfigureTask = {
      // Its name once it is ready, also where it gives way to nobody yet.
      cloneId: plan.name ?? instance.id,
      cloneUrl,
      info,
      media,
      // Its own time begins when it is ready: until then it must not end under those who look at it.
      expiresAt: context.now() + plan.ttlSeconds * 1000 + MAKING,
      admin,
      keepMail: plan.keepMail,
      allowExec: plan.allowExec,
      insecureTls: access.insecureTls,
      defines: plan.defines,
      sourceUsername: connected.username,
    };
    const configured = await configure(pipeline, instance, task);
    const verified = await verify(pipeline, instance, { ...task, looks: await looking }, plan.strict);

    const expiresAt = context.now() + plan.ttlSeconds * 1000;
    const [loginUrl] = await Promise.all([
      instance.operations.createLoginLink(context.signal),
      instance.operations.setExpiry(expiresAt, context.signal),
    ]);
    const facts = await lease.commit(
      {
        url: cloneUrl,
        source: { url: info.home, wordpressVersion: info.wordpressVersion, phpVersion: info.phpVersion },
        expiresAt,
        adminUsername: admin.username,
        adminPassword: admin.password,
        findings: verified.findings,
      },
      context,
    );
    const warnings = [...early, ...database.warnings, ...files.warnings, ...configured.warnings, ...verified.warnings];
    return {
      facts,
      password: admin.password,
      loginUrl,
      unit,
      way: connected.way,
      database,
      files,
      warnings,
      findings: verified.findings,
      timings: pipeline.timings,
    };
  });
  return made.catch((error: unknown) => {
    throw withAnother(error);
  });
}

/** An instance that went away in the middle costs its clone nothing but time: another can be had. */
function withAnother(error: unknown): unknown {
  if (!(error instanceof WpcloneError) || error.code !== 'INSTANCE_LOST') return error;
  const { code, message, details, nextSteps } = error;
  return new WpcloneError(code, message, { details, nextSteps, cause: error, retryable: true });
}

/** Milliseconds beyond its own time for which a clone answers those who make it. */
const MAKING = 24 * 3_600_000;

/**
 * The PHP version is passed on as soon as it is known: provisioning runs at the same time and may choose by it. `left`: our log-in is none
 * any more.
 */
function connect(
  pipeline: Pipeline,
  source: SourcePort,
  phpVersion: (version: string | undefined) => void,
): Promise<ConnectedSource & { readonly left: Promise<void> }> {
  const connected = pipeline.step('connect', async ({ work }) => {
    let left = Promise.resolve();
    const leaving = (ending: Promise<void>): void => pipeline.alongside((left = ending));
    const value = { ...(await source.connect(work, leaving)), left };
    if (value.installedNow) {
      pipeline.onUndo('connect', 'removing the plugin from the source', (undo) => source.disconnect(value, undo));
    }
    phpVersion(value.info.phpVersion);
    refuseWhatCannotBeCloned(value.info);
    return { value, message: describeSource(value) };
  });
  return connected.finally(() => phpVersion(undefined));
}

function differentPhp({ phpVersion }: SiteInfo, { php }: Instance): readonly Warning[] {
  const site = minor(phpVersion);
  if (php === undefined || php === site) return [];
  const message = `The site runs PHP ${site}, its clone ${php}. Code that only runs on ${site} fails in it; --php ${site} takes that version where it is installed.`;
  return [{ code: 'PHP_VERSION_DIFFERS', message }];
}

const minor = (version: string): string => version.split('.').slice(0, 2).join('.');

/** The site keeps log-ins in its database: what ours was is not copied, and is no difference to the next clone. */
function pullDatabase(
  pipeline: Pipeline,
  instance: Instance,
  task: PullTask,
  left: Promise<void>,
): Promise<DatabaseResult> {
  return pipeline.step('database', async (step) => {
    await left;
    step.signal.throwIfAborted();
    const value = await instance.operations.pullDatabase(task, step);
    refuseEmpty(task, value);
    warn(step.work, value.warnings);
    const message = `${bytes(value.bytes)}, ${moved(value.rows, value.reused, 'rows')}, ${count(value.urlsRewritten)} URLs rewritten`;
    return { value, message };
  });
}

function pullFiles(pipeline: Pipeline, instance: Instance, task: PullTask): Promise<FilesResult> {
  return pipeline.step('files', async (step) => {
    const value = await instance.operations.pullFiles(task, step);
    warn(step.work, value.warnings);
    return { value, message: `${moved(value.files, value.reused, 'files')}, ${bytes(value.bytes)}` };
  });
}

/** What an earlier clone of the source had already did not have to be moved. */
const moved = (all: number, reused: number, what: string): string =>
  reused > 0 ? `${count(all - reused)} of ${count(all)} ${what} moved` : `${count(all)} ${what}`;

function configure(pipeline: Pipeline, instance: Instance, task: ConfigureTask) {
  return pipeline.step('configure', async (step) => {
    const value = await instance.operations.configure(task, step);
    warn(step.work, value.warnings);
    const aside = value.setAside.length > 0 ? `, set aside ${value.setAside.join(', ')}` : '';
    return { value, message: `own keys, mail ${task.keepMail ? 'delivered' : 'caught'}${aside}` };
  });
}

/** What a clone's pages could read, whoever opens one could have: they get no password and no cookie of the source. */
function uploadsBehindPassword(media: MediaMode, { httpAuth, cookies }: SourceAccess): Warning[] {
  if (media !== 'proxy' || (httpAuth === undefined && cookies === undefined)) return [];
  const what = httpAuth === undefined ? 'a firewall' : 'a password of the web server';
  const message = `The source is behind ${what}, which clones cannot pass: uploads that are fetched later will be missing. Copy them: --media copy.`;
  return [{ code: 'MEDIA_UNREACHABLE', message }];
}

/** The instance's origin with the path of the source's home URL, so that root-relative links keep working. */
export function cloneUrlOf(instanceUrl: string, sourceHome: string): string {
  return `${new URL(instanceUrl).origin}${new URL(sourceHome).pathname}`.replace(/\/+$/, '');
}

const WAYS: Record<ConnectedSource['way'], string> = {
  'known-key': 'known key',
  http: 'logged in over HTTP',
  browser: 'logged in with a browser',
};

function describeSource({ info, way }: ConnectedSource): string {
  const size = info.tables.reduce((sum, table) => sum + table.dataBytes, 0);
  const tables = `${count(info.tables.length)} tables, ${bytes(size)} of database`;
  return `WordPress ${info.wordpressVersion}, PHP ${minor(info.phpVersion)}, ${tables} (${WAYS[way]})`;
}
