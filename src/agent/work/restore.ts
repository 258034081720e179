import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { applyBetween, planBetween } from '../../operations/between.ts';
import { credentialsOf } from '../../operations/credentials.ts';
import { agreedSchema, policySchema } from '../../operations/restore-schemas.ts';
import type { Operations, RestoreRequest, WrittenRequest } from '../../operations/types.ts';
import type { Begin } from './messages.ts';

const text = z.string();
const login = {
  username: text.exactOptional(),
  loginUrl: text.exactOptional(),
  to: text.exactOptional(),
  insecureTls: z.boolean(),
  mustLogIn: z.boolean().exactOptional(),
};
const fields = { ...login, isCopy: z.boolean().exactOptional(), cloneId: text, policy: policySchema };
const planned: z.ZodType<RestoreRequest> = z.strictObject(fields);
const applied: z.ZodType<RestoreRequest & { readonly restore: string }> = z.strictObject({ ...fields, restore: text });
const site = z.strictObject({
  url: text,
  username: text.exactOptional(),
  loginUrl: text.exactOptional(),
  insecureTls: z.boolean(),
  mustLogIn: z.boolean().exactOptional(),
});
const between = { ...login, to: text, from: site, policy: policySchema };
const written: z.ZodType<WrittenRequest> = z.strictObject(login);

/** What a queue keeps of a restore. */
const restoreJobSchema = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('plan'), request: planned }),
  z.strictObject({ what: z.literal('apply'), request: applied, agreed: agreedSchema.nullable() }),
  z.strictObject({ what: z.literal('plan-between'), request: z.strictObject(between) }),
  z.strictObject({
    what: z.literal('apply-between'),
    request: z.strictObject({ ...between, restore: text }),
    agreed: agreedSchema.nullable(),
  }),
  z.strictObject({ what: z.literal('undo'), restore: text, only: z.array(text).nullable(), request: written }),
  z.strictObject({ what: z.literal('accept'), restore: text, only: z.null(), request: written }),
]);

/** Carries out one job of a restore; what it comes to holds no secrets. */
export async function performRestore(job: Begin, operations: Operations, context: WorkContext): Promise<object> {
  const wanted = restoreJobSchema.parse(job.request);
  const words = credentialsOf(job.secrets);
  if (wanted.what === 'plan') return operations.planRestore(wanted.request, words, context);
  if (wanted.what === 'apply')
    return operations.applyRestore({ ...wanted.request, agreed: wanted.agreed }, words, context);
  if (wanted.what === 'plan-between') return planBetween(operations, wanted.request, bothLogins(job), context);
  if (wanted.what === 'apply-between') {
    const { request, agreed } = wanted;
    return applyBetween(operations, { ...request, agreed }, bothLogins(job), context);
  }
  const { restore, only, request } = wanted;
  return wanted.what === 'undo'
    ? operations.restores.undo(restore, only ?? undefined, request, words, context)
    : operations.restores.accept(restore, request, words, context);
}

/** Those of the site that is read come under names of their own. */
const bothLogins = ({ secrets }: Begin) => {
  const { from_password, from_http_auth_username, from_http_auth_password } = secrets;
  const from = {
    source_password: from_password,
    http_auth_username: from_http_auth_username,
    http_auth_password: from_http_auth_password,
  };
  return { from: credentialsOf(from), to: credentialsOf(secrets) };
};
