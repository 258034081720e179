import { z } from 'zod';
import { ERRORS, type ErrorCode } from './error-codes.ts';
import { type ErrorDetails, WpcloneError } from './errors.ts';

/** An error as one process of ours sends it to another. */
export const wireErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  retryable: z.boolean().default(false),
  retryAfter: z.number().optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

/** The error as it is sent. Causes and stacks stay here. */
export function errorToWire(error: WpcloneError): WireError {
  const { code, message, details, retryable, retryAfter } = error;
  return { code, message, details: { ...details }, retryable, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** A code this version does not know (a newer sidecar) becomes INTERNAL; the message is kept. */
export function errorFromWire(wire: WireError): WpcloneError {
  const code = isKnown(wire.code) ? wire.code : 'INTERNAL';
  const message = isKnown(wire.code) ? wire.message : `${wire.code}: ${wire.message}`;
  return new WpcloneError(code, message, {
    details: wire.details,
    retryable: wire.retryable,
    retryAfter: wire.retryAfter,
  });
}

/** The code, where this version knows it. */
export const knownCode = (code: string): ErrorCode => (isKnown(code) ? code : 'INTERNAL');

const isKnown = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** An error as an agent reports it, with the code that a command would end with. A code of a newer agent becomes INTERNAL. */
export function errorFromReport(
  report: { readonly code: string; readonly message: string; readonly next_steps: readonly string[] },
  more: { readonly details?: ErrorDetails; readonly retryAfter?: number } = {},
): WpcloneError {
  const { code, message, next_steps: nextSteps } = report;
  if (isKnown(code)) return new WpcloneError(code, message, { nextSteps, ...more });
  return new WpcloneError('INTERNAL', `${code}: ${message}`, { nextSteps, ...more });
}
