import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { may, newToken, parseToken, SCOPES } from '../../../src/agent/access/token.ts';
import { type Tokens, tokenStore } from '../../../src/agent/access/tokens.ts';
import { AGENT_DATABASE } from '../../../src/agent/database.ts';
import { type Database, openDatabase } from '../../../src/state/database.ts';

let home: string;
let database: Database;
let tokens: Tokens;
let now = 1_000;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'wpclone-tokens-'));
  database = openDatabase(home, () => now, AGENT_DATABASE);
  tokens = tokenStore(database, { now: () => now, randomBytes });
});
afterEach(() => {
  database.close();
  rmSync(home, { recursive: true, force: true });
});

const refused = expect.objectContaining({ code: 'UNAUTHORIZED' });

describe('a token', () => {
  it('lets its holder in with its scopes and its customer, until it is revoked', () => {
    const { text, id } = tokens.create({ name: 'ci', scopes: ['read', 'clone'], customer: 'acme' });
    const caller = tokens.check(text);
    expect(caller).toEqual({ token: id, scopes: ['read', 'clone'], customer: 'acme' });
    expect([may(caller, 'clone'), may(caller, 'admin')]).toEqual([true, false]);
    tokens.revoke(id);
    expect(() => tokens.check(text)).toThrow(refused);
    expect(() => tokens.revoke('none')).toThrow(expect.objectContaining({ code: 'TOKEN_NOT_FOUND' }));
  });

  it('of an administrator may do everything', () => {
    const caller = tokens.check(tokens.create({ name: 'boss', scopes: ['admin'], customer: null }).text);
    expect(may(caller, 'restore')).toBe(true);
  });

  it.each(['clone', 'restore'] as const)('that may %s may read what becomes of it, and nothing more', (scope) => {
    const caller = tokens.check(tokens.create({ name: 'ci', scopes: [scope], customer: null }).text);
    expect(SCOPES.filter((each) => may(caller, each))).toEqual(['read', scope]);
  });

  it('is refused in the same words when it is missing, misspelt, unknown or has another one’s secret', () => {
    const { text, id } = tokens.create({ name: 'ci', scopes: ['read'], customer: null });
    const foreign = newToken(randomBytes);
    const forged = `wpc_${id}_${foreign.secret}`;
    for (const bad of [undefined, '', 'wpc_', text.slice(0, -1), `${text}0`, foreign.text, forged, text.toUpperCase()])
      expect(() => tokens.check(bad)).toThrow(refused);
  });

  it('stands nowhere in the database', () => {
    const { text } = tokens.create({ name: 'ci', scopes: ['read'], customer: null });
    const secret = parseToken(text)?.secret ?? '';
    expect(secret).toHaveLength(43);
    const written = readdirSync(home).map((name) => readFileSync(join(home, name), 'latin1'));
    expect(written.join('')).not.toContain(secret);
  });

  it('remembers when it was last used, without a write for each request', () => {
    const { text } = tokens.create({ name: 'ci', scopes: ['read'], customer: null });
    tokens.check(text);
    now += 30_000;
    tokens.check(text);
    expect(tokens.list()[0]?.lastUsedAt).toBe(now - 30_000);
    now += 60_000;
    tokens.check(text);
    expect(tokens.list()[0]?.lastUsedAt).toBe(now);
  });

  it('has a checksum that finds any one wrong character', () => {
    const { text } = newToken(randomBytes);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('a', 'Z', '0', '-', '_', ' '), (at, letter) => {
        fc.pre(text[at] !== letter);
        expect(parseToken(text.slice(0, at) + letter + text.slice(at + 1))).toBeUndefined();
      }),
    );
  });
});
