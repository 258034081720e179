import { join } from 'node:path';
import { localLayout, type LocalLayout } from '../../runtime/local/layout.ts';

/** Where the demonstration's source lives: everything in one folder, so that taking it away is easy. */
export interface DemoLayout {
  readonly folder: string;
  readonly www: string;
  readonly configuration: string;
  /** Written last: what is there without it was never finished. */
  readonly record: string;
  readonly log: string;
  /** Its own database server: the one for clones is stopped when the last clone ends. */
  readonly servers: LocalLayout;
  /** Of wpclone as a whole; the lock must outlive the folder. */
  readonly locks: string;
}

/** `home` is WPCLONE_HOME. */
export function demoLayout(home: string): DemoLayout {
  const folder = join(home, 'demo');
  return {
    folder,
    www: join(folder, 'www'),
    configuration: join(folder, 'www', 'wp-config.php'),
    record: join(folder, 'demo.json'),
    log: join(folder, 'php.log'),
    servers: localLayout(folder),
    locks: localLayout(home).locks,
  };
}
