import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_TOKEN_FILE } from '../../shared/agent-files.ts';
import { writeWhole } from '../../shared/whole-file.ts';
import type { Tokens } from '../access/tokens.ts';

const NAME = 'owner';

/** The token of the home's owner, in a file that only they can read: kept while it is good, else made anew. Returns the file's path. */
export async function ensureOwnerToken(home: string, tokens: Tokens): Promise<string> {
  const path = join(home, AGENT_TOKEN_FILE);
  if (isGood(path, tokens)) return path;
  for (const { id, name, revokedAt } of tokens.list()) if (name === NAME && revokedAt === null) tokens.revoke(id);
  await writeWhole(path, `${tokens.create({ name: NAME, scopes: ['admin'], customer: null }).text}\n`, 0o600);
  return path;
}

function isGood(path: string, tokens: Tokens): boolean {
  try {
    tokens.check(readFileSync(path, 'utf8').trim());
    return true;
  } catch {
    return false;
  }
}
