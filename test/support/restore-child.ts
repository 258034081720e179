/**
 * `restore-child.ts STEP`, with a site and a key of a restore as JSON on stdin: says `begun`, and has the site do that step. It is there to
 * be killed.
 */
import { text } from 'node:stream/consumers';
import { applyStaged } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { never } from './migrator.ts';
import { writeClient } from './restore.ts';

const { access, key } = JSON.parse(await text(process.stdin)) as {
  readonly access: SourceAccess;
  readonly key: WriteKey;
};
const client = writeClient(access, key);
process.stdout.write('begun\n');
if (process.argv[2] === 'apply') await applyStaged(client, never);
else if (process.argv[2] === 'undo') await client.undo(undefined, never);
else await client.accept(never);
