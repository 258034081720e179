import type { SiteInfo } from '../site/info.ts';
import { planMapping } from '../transfer/rewrite/plan.ts';
import { createRewriter } from '../transfer/rewrite/rewriter.ts';
import { isConstantName, isLeftBehind, isOwnConstant } from './constant-names.ts';
import type { Definitions, PhpValue } from './php-literal.ts';

/**
 * The source's constants as the clone has them: addresses and paths of the source lead to the clone. A path outside of what was
 * copied leads into the clone's own folder: nothing is there, but nothing else on this machine is touched.
 */
export function carriedConstants(info: SiteInfo, cloneUrl: string, www: string, folder: string): Definitions {
  const rewriter = createRewriter(planMapping(info, cloneUrl, www));
  const outside = new Set(info.configuration.paths);
  const text = (value: string, name?: string): string => {
    const rewritten = rewriter.value(Buffer.from(value)).toString();
    return rewritten === value && name !== undefined && outside.has(name) ? `${folder}/elsewhere${value}` : rewritten;
  };
  const carry = (value: PhpValue, name?: string): PhpValue => {
    if (typeof value === 'string') return text(value, name);
    if (Array.isArray(value)) return value.map((each) => carry(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, carry(each)]));
  };
  const carried = Object.entries(info.constants).filter(
    ([name]) => isConstantName(name) && !isOwnConstant(name) && !isLeftBehind(name),
  );
  return Object.fromEntries(carried.map(([name, value]) => [name, carry(value, name)]));
}
