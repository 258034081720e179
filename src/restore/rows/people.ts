/** Who is who. */
export interface People {
  /** The number of the clone's own administrator, in whose name people work there. */
  readonly own: string | undefined;
  /** The number of the live site's administrator who does the restore. */
  readonly administrator: string | undefined;
  /** Users were asked for by name. */
  readonly travel: boolean;
}
