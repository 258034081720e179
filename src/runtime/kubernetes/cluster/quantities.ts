import type { V1ResourceQuota } from '@kubernetes/client-node';
import type { KubernetesOptions } from '../options.ts';

const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** `100m`, `1.5Gi`, `2e3` as a number (Kubernetes API, "Quantity"). */
export function quantity(text: string): number {
  const [, number = '0', suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  if (suffix === 'm') return Number(number) / 1000;
  const binary = BINARY.indexOf(suffix);
  return Number(number) * (binary > 0 ? 1024 ** binary : 1000 ** Math.max(0, DECIMAL.indexOf(suffix)));
}

/** What a pod of these containers asks of a quota, by the quota's own names. */
export function instanceRequests(resources: KubernetesOptions['resources']): Readonly<Record<string, number>> {
  const containers = Object.values(resources);
  const sum = (values: readonly string[]) => values.reduce((total, value) => total + quantity(value), 0);
  const cpu = sum(containers.map(({ requests }) => requests.cpu));
  const memory = sum(containers.map(({ requests }) => requests.memory));
  return {
    pods: 1,
    services: 1,
    secrets: 1,
    cpu,
    memory,
    'requests.cpu': cpu,
    'requests.memory': memory,
    'limits.memory': sum(containers.map(({ limits }) => limits.memory)),
  };
}

export const exceeds = (value: string, limit: string): boolean => quantity(value) > quantity(limit);

/** What another instance would not fit into, in words. */
export function quotaShortages(quota: V1ResourceQuota, needed: Readonly<Record<string, number>>): readonly string[] {
  const { hard = {}, used = {} } = quota.status ?? {};
  return Object.entries(hard)
    .filter(([name, limit]) => {
      const left = quantity(limit) - quantity(used[name] ?? '0');
      return name in needed && left < (needed[name] ?? 0);
    })
    .map(([name, limit]) => `${quota.metadata?.name}: ${used[name] ?? '0'} of ${limit} ${name} are used`);
}
