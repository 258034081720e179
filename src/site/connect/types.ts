import type { ReportingContext } from '../../shared/context.ts';
import type { HttpAuth, SourceAccess } from '../access.ts';
import type { SiteClient } from '../client-types.ts';
import type { SiteInfo } from '../info.ts';
import type { SeenPages } from '../looks.ts';
import type { Reach } from '../reach.ts';

/** The key of an earlier run. */
export type KnownKey = Omit<SourceAccess, 'insecureTls' | 'httpAuth' | 'reach'>;

export interface SiteLogin {
  readonly username?: string | undefined;
  /** For a log-in without `username`, where there is somebody to ask. */
  readonly askUsername?: (() => Promise<string>) | undefined;
  /** Asked for only when a log-in is needed. Lives in memory only. */
  readonly password?: (() => Promise<string>) | undefined;
  /** Where the log-in form is, when it is not where WordPress has it. */
  readonly loginUrl?: string | undefined;
}

/** Which site to connect to, and how to log in where that is needed. */
export interface ConnectRequest extends SiteLogin {
  /** As typed: with or without scheme, also of a page in the administration. */
  readonly url: string;
  readonly insecureTls: boolean;
  /** For a web server that asks for a password of its own. */
  readonly httpAuth?: HttpAuth | undefined;
  readonly known?: KnownKey | undefined;
  /** It may be a clone: a restore is tried out on one. */
  readonly mayBeClone?: boolean | undefined;
}

export interface ConnectDeps extends ReportingContext {
  /** For the browser: PATH and WPCLONE_CHROMIUM are looked at. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where connections may lead; absent: anywhere. */
  readonly reach?: Reach | undefined;
  /**
   * Waits until nobody else of ours changes this site through its administration; what it resolves to gives that right back. Two at once would take the
   * plugin, or WordPress's note of their log-in, from each other.
   */
  readonly lockLogin?: (site: URL) => Promise<() => void>;
  /** Is given the log-out, which may go on beside what follows and fails nobody; absent: it is waited for. */
  readonly leaving?: ((ending: Promise<void>) => void) | undefined;
  /** Sends signed requests: `createSiteClient` of src/site/client.ts. */
  readonly openClient: (access: SourceAccess, hasty?: boolean) => Pick<SiteClient, 'info' | 'disconnect'>;
}

/** A site that answers signed requests. */
export interface Connection {
  readonly access: SourceAccess;
  readonly info: SiteInfo;
  readonly way: 'known-key' | 'http' | 'browser';
  /** This run put the plugin there. False when an active one was found. */
  readonly installedNow: boolean;
  /** What the site showed us as it does to every visitor, before there was a log-in; by address. */
  readonly seen?: SeenPages | undefined;
}
