import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Everything below a folder by its path: the digest of a file, the target of a link. Names are bytes, shown in latin1. */
export function treeOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: Buffer, shown: string): void => {
    for (const name of readdirSync(path, { encoding: 'buffer' })) {
      const full = Buffer.concat([path, Buffer.from('/'), name]);
      const place = `${shown}${name.toString('latin1')}`;
      const stat = lstatSync(full);
      if (stat.isSymbolicLink()) found[place] = `→ ${readlinkSync(full, 'latin1')}`;
      else if (stat.isDirectory()) visit(full, `${place}/`);
      else found[place] = createHash('sha256').update(readFileSync(full)).digest('hex');
    }
  };
  visit(Buffer.from(folder), '');
  return found;
}
