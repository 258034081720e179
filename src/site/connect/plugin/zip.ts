import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import { packagePath } from '../../../shared/package-root.ts';

export const PLUGIN_FOLDER = 'wpclone-migrator';
export const PLUGIN_FILE = `${PLUGIN_FOLDER}/wpclone-migrator.php`;

/** Its folder on this machine. */
export const PLUGIN_SOURCE = packagePath('templates', 'migrator');

/** The plugin as it is uploaded, and the version in its header. */
export interface PluginPackage {
  readonly zip: Buffer;
  readonly version: string;
}

/** The migrator as WordPress takes it: the same bytes each time. */
export async function packPlugin(): Promise<PluginPackage> {
  const files = (await readdir(PLUGIN_SOURCE, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const archive = new ZipFile();
  const chunks: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    archive.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk));
    archive.outputStream.once('end', resolve).once('error', reject);
  });
  let version = '';
  for (const file of files) {
    const body = await readFile(file);
    const name = `${PLUGIN_FOLDER}/${file.slice(PLUGIN_SOURCE.length).replaceAll('\\', '/').replace(/^\/+/, '')}`;
    if (name === PLUGIN_FILE) version = /^\s*\*\s*Version:\s*(\S+)/m.exec(body.toString())?.[1] ?? '';
    archive.addBuffer(body, name, { mtime: new Date(2026, 0, 1), mode: 0o100644, forceDosTimestamp: true });
  }
  archive.end();
  await done;
  return { zip: Buffer.concat(chunks), version };
}
