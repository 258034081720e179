import { access, constants } from 'node:fs/promises';

/** Whether the path is there and may be used in this `mode` (access(2)); by default only whether it is there. */
export const isAccessible = (path: string, mode: number = constants.F_OK): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );

/** The code of an error of the operating system, of Node.js or of a driver, such as ENOENT; undefined when it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
