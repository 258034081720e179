import type { WarningCollector } from '../warnings.ts';
import type { LeftOut } from './schema.ts';

const KEPT = 2000;

/** Notes each warning besides passing it on: a person is shown some of each kind, the clone remembers many more. */
export function noteWarnings(warnings: WarningCollector): { warnings: WarningCollector; leftOut: LeftOut } {
  const leftOut: LeftOut = { said: [], more: 0 };
  return {
    leftOut,
    warnings: {
      list: () => warnings.list(),
      add: (code, message) => {
        if (leftOut.said.length < KEPT) leftOut.said.push({ code, message });
        else leftOut.more += 1;
        warnings.add(code, message);
      },
    },
  };
}
