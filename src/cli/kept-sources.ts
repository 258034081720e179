import type { OperationSettings } from '../operations/settings.ts';
import type { Settings } from './config/schema.ts';
import { parseSize } from './size.ts';

/** What is kept of sources for their next clones, as the operations take it. */
export function keptOfSources(
  settings: Pick<Settings, 'sources-limit' | 'keep-rows'>,
): Pick<OperationSettings, 'sourcesLimit' | 'keepRows'> {
  const bytes = parseSize(settings['sources-limit'] ?? '');
  return {
    ...(bytes === undefined ? {} : { sourcesLimit: bytes }),
    keepRows: settings['keep-rows'] === 'a-day',
  };
}
