import { cloneUrlOf } from '../../src/engine/clone.ts';
import type { ConfigureTask, FilesResult, PullTask } from '../../src/instance/types.ts';
import type { Instance, ProvisionLease } from '../../src/runtime/leases.ts';
import { connectSource } from '../../src/site/connect/connect.ts';
import { asAdmin, connectDeps } from './connecting.ts';
import { instanceContext } from './copied-clone.ts';
import { leaseOf, type TestHome } from './local-runtime.ts';
import type { Source } from './source/index.ts';

export interface PulledClone {
  readonly instance: Instance;
  readonly lease: ProvisionLease;
  readonly task: ConfigureTask;
  readonly files: FilesResult;
}

/** A clone made of a source as the engine does it, configured and not yet verified. */
export async function pullClone(home: TestHome, source: Source, id: string): Promise<PulledClone> {
  const lease = await leaseOf(home, id);
  return { lease, ...(await pullInto(lease.instance, source, id)) };
}

/** Fills an instance as the engine does it, whatever runtime it is of. */
export async function pullInto(instance: Instance, source: Source, id: string): Promise<Omit<PulledClone, 'lease'>> {
  const { access, info } = await connectSource(asAdmin(source), connectDeps());
  const cloneUrl = cloneUrlOf(instance.url, info.home);
  const pull: PullTask = {
    access,
    info,
    cloneUrl,
    media: 'copy',
    excludeTables: [],
    excludePaths: [],
    ttlSeconds: 1800,
  };
  const [files] = await Promise.all([
    instance.operations.pullFiles(pull, instanceContext()),
    instance.operations.pullDatabase(pull, instanceContext()),
  ]);
  const task: ConfigureTask = {
    cloneId: id,
    cloneUrl,
    info,
    media: 'copy',
    expiresAt: Date.now() + 600_000,
    admin: { username: 'wpclone-test', password: 'a-password-of-its-own', email: 'wpclone@clone.invalid' },
    keepMail: false,
    insecureTls: false,
    defines: {},
  };
  await instance.operations.configure(task, instanceContext());
  return { instance, task, files };
}
