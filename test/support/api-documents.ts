import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { testApi } from './agent.ts';
import { type OpenApi, postmanCollection } from './postman.ts';

const FOLDER = join(import.meta.dirname, '../../docs');
export const OPENAPI = join(FOLDER, 'openapi.json');
export const POSTMAN = join(FOLDER, 'wpclone.postman_collection.json');

/** What docs/ must hold: the agent's own description of its API, and the collection made from it. */
export async function apiDocuments(): Promise<ReadonlyMap<string, string>> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(FOLDER, '../package.json'), 'utf8'));
  const api = await testApi({ version });
  try {
    const headers = api.bearer(['read']);
    const openapi = (await api.app.inject({ method: 'GET', url: '/openapi.json', headers })).json<OpenApi>();
    const pretty = (value: unknown): Promise<string> =>
      format(JSON.stringify(value), { parser: 'json', printWidth: 120 });
    return new Map([
      [OPENAPI, await pretty(openapi)],
      [POSTMAN, await pretty(postmanCollection(openapi))],
    ]);
  } finally {
    await api.close();
  }
}

// `npm run openapi` writes them anew.
if (process.argv[1] === import.meta.filename) {
  for (const [file, content] of await apiDocuments()) writeFileSync(file, content);
  process.exit();
}
