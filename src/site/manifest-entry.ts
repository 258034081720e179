import { posix } from 'node:path';
import type { ManifestEntry } from './client-types.ts';
import { nameOf, type WireEntry } from './protocol.ts';

const REASONS = ['unreadable', 'outside', 'name', 'special', 'loop', 'nowhere', 'other-site'] as const;

/** An entry as the site sent it, with its path and target checked: whatever the site says, nothing leads out of the root. */
export function toEntry(root: string, wire: WireEntry): ManifestEntry {
  const [name, kind, size, mtime, ctime, mode, more] = wire;
  const [path, extra] = [nameOf(name), more === undefined ? undefined : nameOf(more)];
  const common = { root, path, size, mtime, ctime, mode: mode & 0o7777 };
  if (!isCleanPath(path)) return { ...common, kind: 'refused', reason: 'name' };
  if (kind === 'f') return { ...common, kind: 'file' };
  if (kind === 'd') return { ...common, kind: 'directory' };
  if (kind === 'x') return { ...common, kind: 'refused', reason: REASONS.find((each) => each === extra) ?? 'special' };
  return staysInside(path, extra ?? '')
    ? { ...common, kind: 'symlink', target: extra ?? '' }
    : { ...common, kind: 'refused', reason: 'outside' };
}

/** No empty, `.` or `..` segment and no NUL. '' is the root itself. */
function isCleanPath(path: string): boolean {
  if (path === '') return true;
  return !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const end = posix.join(posix.dirname(path), target);
  return end !== '..' && !end.startsWith('../');
}
