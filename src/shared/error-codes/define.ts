/**
 * `exit` follows the exit codes in docs/ARCHITECTURE.md: 1 failed, 2 usage, 3 declined, 4 authentication, 5 not found or conflict,
 * 57 newer state; `http` is the status that the HTTP edge answers with. `next` says what the person can do; `{name}` in it is filled
 * in from the error's details.
 */
export interface ErrorDefinition {
  readonly exit: number;
  readonly http: number;
  readonly next: readonly string[];
}

export const define = <T extends Record<string, ErrorDefinition>>(table: T): T => table;
