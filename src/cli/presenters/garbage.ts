import type { GarbageReport } from '../../operations/types.ts';
import { bytes } from '../../shared/format.ts';

/** `gc`: a line for each thing that was removed, and what is still kept. */
export function garbageText({ removed, sources }: GarbageReport): string {
  const lines = removed.map((id) => `removed ${id}`);
  if (sources && sources.freed_bytes > 0) lines.push(`freed ${bytes(sources.freed_bytes)} kept of sources`);
  if (lines.length === 0) lines.push('Nothing to remove.');
  if (sources && sources.bytes > 0) {
    lines.push(
      `${bytes(sources.bytes)} of at most ${bytes(sources.limit_bytes)} are kept of sources for their next clones.`,
    );
  }
  return lines.join('\n');
}
