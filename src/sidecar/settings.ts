import { readFileSync } from 'node:fs';
import { WpcloneError } from '../shared/errors.ts';
import { SIDECAR_PORT } from './protocol.ts';

/** Where things are in the pod; the defaults are the image's. */
export interface SidecarSettings {
  readonly home: string;
  readonly socketPath: string;
  /** The pipes of the web container. */
  readonly controlPath: string;
  readonly database: string;
  readonly databaseUser: string;
  /** Where the database's volume is mounted here, and how much it may hold; absent for a server of an image that is not ours. */
  readonly databaseVolume?: { readonly path: string; readonly bytes: number } | undefined;
  /** What is said here the web container can read, and nobody else can write. */
  readonly gatePath: string;
  /** A mounted Secret: one file per key. */
  readonly secretPath: string;
  /** Outlives the container, and is not shared with the clone's PHP. */
  readonly statePath: string;
  /** WordPress as it was released, as the image holds it. */
  readonly releasesPath: string;
  readonly port: number;
  readonly webUrl: string;
}

/** The settings of the environment, or the image's defaults. */
export function sidecarSettings(env: Readonly<Record<string, string | undefined>>): SidecarSettings {
  return {
    home: env['WPCLONE_INSTANCE'] ?? '/wpclone',
    socketPath: env['WPCLONE_DATABASE_SOCKET'] ?? '/run/mysqld/mysqld.sock',
    controlPath: env['WPCLONE_CONTROL_PATH'] ?? '/run/mysqld',
    database: 'wordpress',
    databaseUser: 'wordpress',
    databaseVolume: volumeOf(env),
    secretPath: env['WPCLONE_SECRET_PATH'] ?? '/run/secrets/wpclone',
    statePath: env['WPCLONE_SIDECAR_STATE'] ?? '/tmp',
    gatePath: env['WPCLONE_GATE_PATH'] ?? '/run/wpclone',
    releasesPath: env['WPCLONE_RELEASES'] ?? '/opt/wpclone/releases',
    port: Number(env['WPCLONE_SIDECAR_PORT'] ?? SIDECAR_PORT),
    webUrl: env['WPCLONE_WEB_URL'] ?? 'http://127.0.0.1:8080',
  };
}

function volumeOf(env: Readonly<Record<string, string | undefined>>): SidecarSettings['databaseVolume'] {
  const path = env['WPCLONE_DATABASE_VOLUME'];
  return path === undefined ? undefined : { path, bytes: Number(env['WPCLONE_DATABASE_VOLUME_BYTES'] ?? 0) };
}

/** Read anew each time: the kubelet swaps the files when the Secret changes. */
export function readSecret(settings: SidecarSettings, key: 'token' | 'database-password'): string {
  try {
    const value = readFileSync(`${settings.secretPath}/${key}`, 'utf8').trim();
    if (value !== '') return value;
  } catch (error) {
    throw new WpcloneError('INTERNAL', `The pod's Secret has no readable ${key}.`, { cause: error });
  }
  throw new WpcloneError('INTERNAL', `The pod's Secret has an empty ${key}.`);
}
