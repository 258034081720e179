import { constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isAccessible } from '../../../shared/system.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The system's Chromium: WPCLONE_CHROMIUM, else the first found on PATH; undefined when there is none. */
export async function findChromium(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const chosen = environment['WPCLONE_CHROMIUM'];
  if (chosen) return chosen;
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of NAMES) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await isAccessible(path, constants.X_OK)) return path;
    }
  }
  return undefined;
}
