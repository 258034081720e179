import { readOrigin, writeOrigin } from './folder.ts';
import { filesOriginSchema, ledgerSchema, noiseSchema, type FilesOrigin, type Ledger, type Noise } from './schema.ts';

export const writeLedger = (baseline: string, ledger: Omit<Ledger, 'version'>): Promise<void> =>
  writeOrigin(baseline, 'configure.json', { version: 1, ...ledger });

export const readLedger = (baseline: string): Promise<Ledger | undefined> =>
  readOrigin(baseline, 'configure.json', ledgerSchema);

export const writeNoise = (baseline: string, noise: Omit<Noise, 'version'>): Promise<void> =>
  writeOrigin(baseline, 'noise.json', { version: 1, ...noise });

export const readNoise = (baseline: string): Promise<Noise | undefined> =>
  readOrigin(baseline, 'noise.json', noiseSchema);

export const writeFilesOrigin = (baseline: string, files: Omit<FilesOrigin, 'version'>): Promise<void> =>
  writeOrigin(baseline, 'files.json', { version: 1, ...files });

export const readFilesOrigin = (baseline: string): Promise<FilesOrigin | undefined> =>
  readOrigin(baseline, 'files.json', filesOriginSchema);
