import { fileURLToPath } from 'node:url';

/** The absolute path of a file that ships beside the code (`templates/...`, `bin/...`), from the sources and from `dist` alike. */
export function packagePath(...segments: string[]): string {
  return fileURLToPath(new URL(`../../${segments.join('/')}`, import.meta.url));
}
