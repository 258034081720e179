import type { StepCounters } from './events.ts';

/** How much of a step is done, from 0 to 1; bytes tell more than files. Undefined without a total: then nothing is known. */
export function fractionDone({ bytes, totalBytes, files, totalFiles }: StepCounters): number | undefined {
  if (bytes !== undefined && totalBytes !== undefined && totalBytes > 0) return Math.min(bytes / totalBytes, 1);
  if (files !== undefined && totalFiles !== undefined && totalFiles > 0) return Math.min(files / totalFiles, 1);
  return undefined;
}
