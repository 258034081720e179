import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The absolute path of a file that ships beside the code (`templates/...`, `bin/...`), from the sources and from `dist` alike. */
export function packagePath(...segments: string[]): string {
  return fileURLToPath(new URL(`../../${segments.join('/')}`, import.meta.url));
}

/** The version of this package. */
export async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(packagePath('package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}
