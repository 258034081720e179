import { describe, expect, test } from 'vitest';
import { parseOptions } from '../../../src/runtime/kubernetes/options.ts';

describe('a kubernetes setting that cannot work is refused before anything is asked of the cluster', () => {
  test.each([
    ['a domain with a scheme', { domain: 'https://clones.example' }, 'domain'],
    ['a domain with a port', { domain: 'clones.example:8443' }, 'domain'],
    ['a wildcard', { domain: '*.clones.example' }, 'domain'],
    ['a domain that begins with a dot', { domain: '.clones.example' }, 'domain'],
    ['a name that no namespace can have', { namespace: 'Staging_1' }, 'namespace'],
    ['ports the wrong way round', { ports: { first: 30_000, last: 20_000 } }, 'ports'],
    ['a port that does not exist', { ports: { first: 60_000, last: 70_000 } }, 'ports'],
    [
      'a certificate for all that one clone’s would be written over',
      { tlsSecret: 'w', clusterIssuer: 'l' },
      'tlsSecret',
    ],
    ['a quantity that is none', { storage: { site: 'much' } }, 'storage'],
    ['a key that does not exist', { colour: 'red' }, 'colour'],
  ])('%s', (_, settings, key) => {
    expect(() => parseOptions(settings)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(key) }),
    );
  });
});

test('what is wrong with one is said by its whole name, in words', () => {
  const said = ([settings, message]: readonly [Readonly<Record<string, unknown>>, string]): void => {
    expect(() => parseOptions(settings)).toThrow(message);
  };
  said([{ imagePullSecrets: 'one' }, 'kubernetes.imagePullSecrets: it takes a list.']);
  said([{ imagePullPolicy: 'Maybe' }, 'kubernetes.imagePullPolicy: it can be Always or IfNotPresent or Never.']);
  said([{ storage: { site: 'much' } }, 'kubernetes.storage.site: a Kubernetes quantity such as 500m or 1Gi.']);
});

test('what people write in YAML is taken: a bare number of processors, a domain in capitals', () => {
  const web = { requests: { cpu: 1, memory: '1Gi' }, limits: { cpu: 2, memory: '2Gi' } };
  const options = parseOptions({ domain: 'Clones.Example', resources: { web } });
  expect(options.domain).toBe('clones.example');
  expect(options.resources.web).toEqual({
    requests: { cpu: '1', memory: '1Gi' },
    limits: { cpu: '2', memory: '2Gi' },
  });
});
