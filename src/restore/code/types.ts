import type { SiteClient } from '../../site/client-types.ts';
import type { SiteInfo } from '../../site/info.ts';
import type { Kin } from '../kin.ts';
import type { Chosen, Names } from '../plan/choose.ts';
import type { PlanPolicy } from '../plan/schema.ts';
import type { WayBack } from '../plan/way-back.ts';
import type { ClonedFile, ClonedFiles } from './clone-files.ts';
import type { LiveBody, LiveFiles } from './live-files.ts';
import type { CodePlaces, Package } from './packages.ts';

export interface FilesInput {
  readonly www: string;
  readonly baseline: string;
  readonly client: Pick<SiteClient, 'manifest' | 'files'>;
  readonly info: SiteInfo;
  readonly places: CodePlaces;
  readonly policy: PlanPolicy;
  readonly choose: (names: Names) => Chosen;
  readonly wayBack: WayBack;
  readonly kin: Kin;
  /** What earlier restores left, by place. */
  readonly brought: Readonly<Record<string, readonly (string | null)[]>>;
  readonly signal: AbortSignal;
}

/** What of a package both sides did. */
export interface PackageFiles {
  readonly package: Package;
  readonly clone: readonly ClonedFile[];
  /** Files of it that are other on the live site than they were; null: gone. */
  readonly live: ReadonlyMap<string, string | null>;
  /** Those of them that an earlier restore left so: that is nobody's change but the clone's own. */
  readonly brought: ReadonlySet<string>;
  /** Whether the clone was made with any of it, or brought it before. */
  readonly isKnown: boolean;
  /** What of the live site one of its new files would meet there, by a name that differs by case only. */
  readonly meets?: string | undefined;
}

/** Files of the clone and of the live site that are not as they were. */
export interface FilesOnBothSides {
  readonly cloned: ClonedFiles;
  readonly there: LiveFiles;
  /** What files of the live site hold. */
  readonly bodies: ReadonlyMap<string, LiveBody>;
}
