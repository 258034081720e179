import type { Admin } from '../login/admin.ts';
import type { Page } from '../visit/page.ts';
import type { PairingPoint } from './pairing-point.ts';

/** What the running plugin answers, and what WordPress does where nobody knows the action. */
const FROM_WORDPRESS = /"success"\s*:\s*(?:true|false)|^\s*(?:0|-1)\s*$/;

/** Sends a form to the running plugin: by admin-ajax.php, else by the other script of WordPress that is for forms, since some hosts close the first. */
export async function sayToPlugin(
  { session }: Admin,
  { ajax }: PairingPoint,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  const first = await session.post(ajax, fields);
  if (FROM_WORDPRESS.test(first.text)) return first;
  const second = await session.post(new URL('admin-post.php', ajax), fields);
  return FROM_WORDPRESS.test(second.text) ? second : first;
}
