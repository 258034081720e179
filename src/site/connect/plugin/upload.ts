import { FormData } from 'undici';
import { ZipFile } from 'yazl';
import { z } from 'zod';
import { jsonIn } from '../../json-in.ts';
import type { Admin } from '../login/admin.ts';
import type { Installer } from './installer.ts';
import { PLUGIN_FOLDER } from './zip.ts';

export type UploadForm = NonNullable<Installer['form']>;

const ZIP_NAME = `${PLUGIN_FOLDER}.zip`;

/** Sends a zip through the form of the "upload plugin" page; the answer says what WordPress made of it. */
export async function sendZip(admin: Admin, form: UploadForm, zip: Buffer) {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append('pluginzip', new File([new Uint8Array(zip)], ZIP_NAME, { type: 'application/zip' }));
  body.append('install-plugin-submit', 'Install Now');
  return admin.session.post(form.action, body);
}

/**
 * Clears away what WordPress keeps of an upload that it could not install: the unpacked files below wp-content/upgrade, until somebody
 * installs something else, and the zip among the uploads, for two hours.
 */
export async function sweepUpload(admin: Admin, form: UploadForm): Promise<void> {
  // Before it unpacks anything WordPress empties its work folder (WP_Upgrader::unpack_package), and what fails to unpack it
  // removes itself: a zip that nobody can unpack leaves the folder clean.
  await sendZip(admin, form, await lockedZip());
  await deleteUploads(admin);
}

const mediaSchema = z.array(z.object({ id: z.number(), title: z.object({ rendered: z.string() }) }));

async function deleteUploads(admin: Admin): Promise<void> {
  const { session, base } = admin;
  const nonce = (await session.get(new URL('admin-ajax.php?action=rest-nonce', base))).text;
  const media = (query: string): URL =>
    new URL(`../index.php?rest_route=/wp/v2/media${query}&_wpnonce=${encodeURIComponent(nonce)}`, base);
  const found = await session.get(media(`&status=private&per_page=100&search=${PLUGIN_FOLDER}`));
  for (const { id, title } of jsonIn(found.text, mediaSchema) ?? []) {
    if (title.rendered.includes(ZIP_NAME)) await session.post(media(`/${id}&force=true&_method=DELETE`), {});
  }
}

/** A sound zip whose only entry says that it is encrypted. */
async function lockedZip(): Promise<Buffer> {
  const archive = new ZipFile();
  archive.addBuffer(Buffer.from(PLUGIN_FOLDER), 'sweep', {
    compress: false,
    forceDosTimestamp: true,
    mtime: new Date(2026, 0, 1),
  });
  archive.end();
  const chunks: Buffer[] = [];
  for await (const chunk of archive.outputStream) chunks.push(Buffer.from(chunk));
  const zip = Buffer.concat(chunks);
  // General purpose bit 0, in the local header (at 6) and in the central directory's entry (at 8): APPNOTE.TXT 4.4.4.
  const central = zip.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  for (const at of [6, central + 8]) zip.writeUInt16LE(zip.readUInt16LE(at) | 1, at);
  return zip;
}
