import type { VerifyResult } from '../../src/instance/types.ts';
import { lookAtSource } from '../../src/site/look-at-source.ts';
import type { SourceLooks } from '../../src/site/looks.ts';
import type { Source } from './source/index.ts';
import { workContext } from './work.ts';

/** What a running source does, as a clone of it is compared with. */
export const looksOf = ({ url, siteUrl }: Pick<Source, 'url' | 'siteUrl'>): Promise<SourceLooks> =>
  lookAtSource(
    { url, endpoint: url, keyId: '', secret: '', insecureTls: true },
    { home: url, siteurl: siteUrl },
    workContext(),
  );

/** A source that nobody could look at. */
export const UNSEEN: SourceLooks = { front: { failed: 'not looked at' }, login: { failed: 'not looked at' } };

/** What verification says of a clone that does what its source does. */
export const ALL_WELL: VerifyResult = { findings: [], warnings: [] };
