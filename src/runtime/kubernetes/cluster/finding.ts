/** One thing that `cluster check` looked at. */
export interface Finding {
  readonly name: string;
  /** `warning`: clones work, but something is less good than it could be. */
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}
