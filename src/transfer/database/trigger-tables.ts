import { isWord, unquoteName, type Token } from './sql-tokens.ts';

const MODIFIERS = ['LOW_PRIORITY', 'HIGH_PRIORITY', 'DELAYED', 'IGNORE', 'QUICK'];

/**
 * The tables that a trigger's statements read or write: what stands after INSERT INTO, REPLACE INTO, UPDATE, DELETE FROM, JOIN and
 * the FROM of a SELECT. A table of another schema comes with the schema's name before it. FROM stands in functions too, as in
 * EXTRACT(DAY FROM x), and INTO before variables.
 */
export function tablesOfTrigger(tokens: readonly Token[]): string[] {
  const found: string[] = [];
  const statements: (Token | undefined)[] = [undefined];
  tokens.forEach((token, index) => {
    const previous = tokens[index - 1];
    if (previous?.text === '(') statements.push(token);
    else if (previous?.text === ';' || isWord(previous, 'BEGIN', 'THEN', 'ELSE', 'DO', 'ROW'))
      statements[statements.length - 1] = token;
    if (isWord(token, 'SELECT') && !isWord(statements.at(-1), 'SELECT') && depthless(statements))
      statements[statements.length - 1] = token;
    if (token.text === ')' && statements.length > 1) statements.pop();
    if (namesTable(tokens, index, statements.at(-1))) found.push(...nameAt(tokens, index + 1));
  });
  return found;
}

/** Outside of parentheses a SELECT behind INSERT INTO begins what FROM belongs to. */
const depthless = (statements: readonly (Token | undefined)[]): boolean => statements.length === 1;

function namesTable(tokens: readonly Token[], index: number, statement: Token | undefined): boolean {
  const token = tokens[index];
  const before = tokens.slice(0, index).findLast((other) => !isWord(other, ...MODIFIERS));
  if (isWord(token, 'JOIN')) return true;
  if (isWord(token, 'INTO')) return isWord(before, 'INSERT', 'REPLACE');
  if (isWord(token, 'UPDATE')) return !isWord(before, 'KEY', 'BEFORE', 'AFTER', 'FOR');
  return isWord(token, 'FROM') && (isWord(before, 'DELETE') || isWord(statement, 'SELECT'));
}

function nameAt(tokens: readonly Token[], index: number): string[] {
  let at = index;
  while (isWord(tokens[at], ...MODIFIERS)) at += 1;
  const [name, dot, table] = tokens.slice(at, at + 3);
  if (!name || (name.kind !== 'name' && name.kind !== 'word')) return [];
  if (isWord(name, 'SELECT', 'DUAL', 'LATERAL', 'JSON_TABLE')) return [];
  const rest = dot?.kind === 'word' && dot.text.startsWith('.') && dot.space === '' ? dot.text : '';
  return [unquoteName(name) + rest + (rest === '.' && table ? unquoteName(table) : '')];
}
