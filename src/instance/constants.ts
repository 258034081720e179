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
  const outside = new Set(info.configuration.paths);
  const carry = carrier(info, cloneUrl, www);
  const carried = Object.entries(info.constants).filter(
    ([name]) => isConstantName(name) && !isOwnConstant(name) && !isLeftBehind(name),
  );
  return Object.fromEntries(
    carried.map(([name, value]) => {
      const own = carry(value);
      const stays = typeof own === 'string' && own === value && outside.has(name);
      return [name, stays ? `${folder}/elsewhere${own}` : own];
    }),
  );
}

/** Variables that are WordPress's or PHP's own, whatever a wp-config.php does with them. */
const NOT_CARRIED = /^(?:table_prefix|wpdb|GLOBALS|this|wp_.*)$/;

/** Whether a variable that the source's wp-config.php sets is set in the clone's. */
export const isCarriedVariable = (name: string): boolean => /^[A-Za-z]\w*$/.test(name) && !NOT_CARRIED.test(name);

/** The same for the variables that the source's wp-config.php sets. */
export function carriedVariables(info: SiteInfo, cloneUrl: string, www: string): Definitions {
  const carry = carrier(info, cloneUrl, www);
  const carried = Object.entries(info.configuration.variables).filter(([name]) => isCarriedVariable(name));
  return Object.fromEntries(carried.map(([name, value]) => [name, carry(value)]));
}

function carrier(info: SiteInfo, cloneUrl: string, www: string): (value: PhpValue) => PhpValue {
  const rewriter = createRewriter(planMapping(info, cloneUrl, www));
  const carry = (value: PhpValue): PhpValue => {
    if (typeof value === 'string') return rewriter.value(Buffer.from(value)).toString();
    if (Array.isArray(value)) return value.map(carry);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, carry(each)]));
  };
  return carry;
}
