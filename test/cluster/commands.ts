import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll } from 'vitest';
import { commandLine, type CommandLine } from '../support/cli.ts';
import { makeTemp } from '../support/temp.ts';
import type { Source } from '../support/source/index.ts';
import { IMAGE, type TestNamespace } from './support.ts';

/** The built command, set up for the test's namespace by its environment as a person's configuration would. */
export function useCommands(namespace: TestNamespace, changes: NodeJS.ProcessEnv = {}): CommandLine {
  const commands = commandLine();
  Object.assign(commands.environment, {
    KUBECONFIG: process.env['KUBECONFIG'],
    WPCLONE_RUNTIME: 'kubernetes',
    WPCLONE_KUBERNETES_NAMESPACE: namespace.name,
    WPCLONE_KUBERNETES_IMAGE: IMAGE,
    ...changes,
  });
  afterAll(() => commands.stop());
  return commands;
}

export const cloneArguments = (source: Source, ...more: string[]): string[] => [
  'clone',
  source.url,
  '--username',
  source.adminUser,
  ...more,
];

export const passwordOf = (source: Source) => ({ environment: { WPCLONE_SOURCE_PASSWORD: source.adminPassword } });

export interface Report {
  readonly clone_id: string;
  readonly status: string;
  readonly clone_url: string;
  readonly login_url: string;
  readonly username: string;
  readonly password: string;
  readonly timings: Readonly<Record<string, number>>;
  readonly transferred: Readonly<Record<string, number>>;
  readonly warnings: readonly { readonly code: string }[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** The tests' kubeconfig with another user. */
export function changedKubeconfig(user: Readonly<Record<string, string>>, replace = false): string {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const config = JSON.parse(kubeConfig.exportConfig());
  for (const each of config.users) each.user = replace ? user : { ...each.user, ...user };
  const file = join(makeTemp('kubeconfig'), 'config');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
