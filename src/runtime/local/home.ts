import type { State } from '../../state/types.ts';
import type { LocalLayout } from './layout.ts';

/** One WPCLONE_HOME, opened: what all work of the local runtime is done with. */
export interface LocalHome {
  readonly layout: LocalLayout;
  readonly state: State;
  /** Where programs are looked for, as in PATH. */
  readonly path: string;
  /** Bytes that may be kept of sources; see trimStores. */
  readonly storesLimit?: number;
  /** Rows of a removed clone stay for the next one of its source; false: they go. Absent: whoever asks does not know. */
  readonly keepRows?: boolean;
}
