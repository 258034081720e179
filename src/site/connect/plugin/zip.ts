import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ZipFile } from 'yazl';
import { packagePath } from '../../../shared/package-root.ts';

export const PLUGIN_FOLDER = 'wpclone-migrator';
export const PLUGIN_FILE = `${PLUGIN_FOLDER}/wpclone-migrator.php`;

/** Its folder on this machine. */
export const PLUGIN_SOURCE = packagePath('templates', 'migrator');

/** The version in the plugin's header. */
export async function pluginVersion(): Promise<string> {
  const header = await readFile(join(PLUGIN_SOURCE, basename(PLUGIN_FILE)), 'utf8');
  return /^\s*\*\s*Version:\s*(\S+)/m.exec(header)?.[1] ?? '';
}

/** The migrator as WordPress takes it: the same bytes each time. */
export async function packPlugin(): Promise<Buffer> {
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
  const bodies = await Promise.all(files.map(async (file) => ({ file, body: await readFile(file) })));
  for (const { file, body } of bodies) {
    const name = `${PLUGIN_FOLDER}/${file.slice(PLUGIN_SOURCE.length).replaceAll('\\', '/').replace(/^\/+/, '')}`;
    archive.addBuffer(body, name, { mtime: new Date(2026, 0, 1), mode: 0o100644, forceDosTimestamp: true });
  }
  archive.end();
  await done;
  return Buffer.concat(chunks);
}
