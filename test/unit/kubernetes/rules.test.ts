import type { V1Pod } from '@kubernetes/client-node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeProgress,
  findCause,
  UNSCHEDULABLE_PATIENCE,
} from '../../../src/runtime/kubernetes/provision/diagnose.ts';
import { apiError, connectionError, parseStatus, statusOf } from '../../../src/runtime/kubernetes/api/errors.ts';
import { parseUnit } from '../../../src/runtime/kubernetes/unit/unit.ts';
import { errorFromWire, errorToWire } from '../../../src/shared/wire-error.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';

const call = { what: 'create pods', namespace: 'staging' };
const now = Date.parse('2026-01-01T00:00:00Z');

describe('what the API server says becomes an error of ours', () => {
  test.each([
    [401, {}, 'CLUSTER_AUTH', false],
    [
      403,
      { message: 'pods is forbidden: User "jo" cannot create resource "pods" in API group ""' },
      'CLUSTER_FORBIDDEN',
      false,
    ],
    [
      403,
      { message: 'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5' },
      'QUOTA_EXCEEDED',
      false,
    ],
    [403, { message: 'pods "x" is forbidden: status unknown for quota: q, resources: pods' }, 'QUOTA_EXCEEDED', true],
    [
      403,
      {
        message:
          'pods "x" is forbidden: error looking up service account s/default: serviceaccount "default" not found',
      },
      'SERVICE_ACCOUNT_MISSING',
      true,
    ],
    [
      403,
      { message: 'unable to create new content in namespace staging because it is being terminated' },
      'NAMESPACE_MISSING',
      false,
    ],
    [403, { message: 'pods "x" is forbidden: failed quota: q: must specify limits.cpu' }, 'RULES_FORBID', false],
    [
      403,
      { message: 'pods "x" is forbidden: [minimum cpu usage per Container is 100m, but request is 30m]' },
      'RULES_FORBID',
      false,
    ],
    [403, { message: 'admission webhook "policy.example" denied the request: no' }, 'RULES_FORBID', false],
    // A policy in CEL (Kubernetes 1.26 and later).
    [
      422,
      {
        reason: 'Invalid',
        message: `pods "x" is forbidden: ValidatingAdmissionPolicy 'team' with binding 'all' denied request: no team`,
      },
      'RULES_FORBID',
      false,
    ],
    [
      500,
      {
        reason: 'InternalError',
        message:
          'Internal error occurred: failed calling webhook "policy.example": Post "https://10.0.0.9/": timed out',
      },
      'WEBHOOK_UNREACHABLE',
      true,
    ],
    [
      403,
      { message: 'roles "x" is forbidden: user "jo" (groups=["a"]) is attempting to grant RBAC permissions not held' },
      'CLUSTER_FORBIDDEN',
      false,
    ],
    [403, { message: '<html>Forbidden</html>' }, 'CLUSTER_FORBIDDEN', false],
    [404, { message: 'namespaces "staging" not found', details: { kind: 'namespaces' } }, 'NAMESPACE_MISSING', false],
    [404, { message: 'pods "x" not found', details: { kind: 'pods' } }, 'NOT_FOUND', false],
    [409, { reason: 'AlreadyExists' }, 'CONFLICT', false],
    [409, { reason: 'Conflict' }, 'CLUSTER_CONFLICT', true],
    [
      409,
      { reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', field: '.spec.hard.pods' }] } },
      'CLUSTER_CONFLICT',
      false,
    ],
    [422, { reason: 'Invalid' }, 'CLUSTER_FAILED', false],
    [429, {}, 'CLUSTER_FAILED', true],
    [503, {}, 'CLUSTER_FAILED', true],
  ])('%i %j is %s', (status, said, code, retryable) => {
    expect(apiError(status, said, call)).toMatchObject({ code, retryable });
  });

  // A webhook chooses its code, 400 when it names none.
  test.each([400, 403, 404, 409, 422, 429, 500])(
    '%i of a policy is not taken for the API server’s own word',
    (code) => {
      const message = 'admission webhook "policy.example" denied the request: no team';
      const error = apiError(code, { message }, call);
      expect(error).toMatchObject({ code: 'RULES_FORBID', retryable: false });
      expect(statusOf(error)).toBeUndefined();
      expect(error.message).toBe(`The rules of the namespace do not let wpclone create pods: ${message}`);
    },
  );

  test('429 says how long to wait', () => {
    expect(apiError(429, parseStatus('{"details":{"retryAfterSeconds":7}}'), call).retryAfter).toBe(7);
    expect(apiError(429, parseStatus('<html>slow down</html>'), call, 3).retryAfter).toBe(3);
  });

  test('a right that is missing is named: who, verb, resource, where', () => {
    const message =
      'secrets is forbidden: User "jo" cannot list resource "secrets" in API group "" in the namespace "staging"';
    expect(apiError(403, { message }, call).message).toBe('jo may not list secrets in namespace staging.');
  });

  test('no answer may come later, but a certificate does not change', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(connectionError(new Error('failed', { cause: refused }), call, 'https://a')).toMatchObject({
      retryable: true,
    });
    const expired = Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' });
    expect(connectionError(expired, call, 'https://a')).toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
      retryable: false,
    });
  });
});

describe('why a pod will not become ready', () => {
  const pod = (status: V1Pod['status']): V1Pod => ({ metadata: { name: 'x' }, status: status ?? {} });

  test('evicted, in the kubelet’s words', () => {
    const evicted = pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' });
    expect(findCause(evicted, [], now)).toEqual({
      code: 'INSTANCE_LOST',
      message: 'The pod x has ended: Evicted: The node was low on resource: memory.',
    });
  });

  test('unschedulable only after a while, and not while a node is on its way', () => {
    const at = (age: number) =>
      pod({
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available: 3 Insufficient cpu.',
            lastTransitionTime: new Date(now - age),
          },
        ],
      });
    expect(findCause(at(UNSCHEDULABLE_PATIENCE - 1), [], now)).toBeUndefined();
    expect(findCause(at(UNSCHEDULABLE_PATIENCE), [], now)?.message).toContain('3 Insufficient cpu');
    const scaleUp = { metadata: {}, involvedObject: {}, reason: 'TriggeredScaleUp' };
    expect(findCause(at(UNSCHEDULABLE_PATIENCE), [scaleUp], now)).toBeUndefined();
    expect(describeProgress(at(0), undefined)).toContain('3 Insufficient cpu');
  });

  const container = (state: object, restartCount = 0, lastState = {}) => ({
    name: 'database',
    image: 'i',
    imageID: '',
    ready: false,
    restartCount,
    state,
    lastState,
  });

  test('killed for its memory, again and again', () => {
    const terminated = { exitCode: 137, reason: 'OOMKilled' };
    const crashing = container({ waiting: { reason: 'CrashLoopBackOff' } }, 1, { terminated });
    const cause = findCause(pod({ containerStatuses: [crashing] }), [], now);
    expect(cause).toMatchObject({ code: 'CONTAINER_CRASHED', container: 'database' });
    expect(cause?.message).toContain('ran out of its memory limit');
  });

  test('being ended between two clones is no crash, being ended since is one', () => {
    const at = (restartCount: number) => {
      const running = container({ running: {} }, restartCount, { terminated: { exitCode: 137 } });
      const annotations = { 'wpclone.dev/proven-runs': 'database:abc:3 web:def:3' };
      return findCause({ ...pod({ containerStatuses: [running] }), metadata: { annotations } }, [], now);
    };
    expect(at(3)).toBeUndefined();
    expect(at(5)).toMatchObject({ code: 'CONTAINER_CRASHED' });
  });

  test('a first crash, or a first failed pull, is waited out', () => {
    const crashed = container({ terminated: { exitCode: 1 } }, 0);
    expect(findCause(pod({ containerStatuses: [crashed] }), [], now)).toBeUndefined();
    const pulling = container({ waiting: { reason: 'ErrImagePull' } });
    expect(findCause(pod({ containerStatuses: [pulling] }), [], now)).toBeUndefined();
  });

  test('a pull that cannot succeed is given up at once, one that may after a while', () => {
    const waiting = container({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } });
    const at = (age: number) => pod({ startTime: new Date(now - age), containerStatuses: [waiting] });
    const failed = (why: string) => [
      { metadata: {}, involvedObject: {}, reason: 'Failed', message: `Failed to pull image "i": ${why}` },
    ];
    // The reason of the failure, not of the waiting.
    expect(findCause(at(0), failed('401 unauthorized'), now)?.message).toContain('unauthorized');
    expect(findCause(at(5000), failed('connection refused'), now)).toBeUndefined();
    expect(findCause(at(30_000), failed('connection refused'), now)?.message).toContain('connection refused');
    // The event that says why may be late.
    expect(findCause(at(30_000), [], now)).toBeUndefined();
    expect(findCause(at(41_000), [], now)?.message).toContain('Back-off pulling image');
  });
});

test('whatever a stranger writes on a pod is only ever not ours, never a crash', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('READY', '0', '1', '{}', '2026-01-01T00:00:00Z'));
  fc.assert(
    fc.property(fc.dictionary(fc.string(), text), text, text, text, (annotations, state, epoch, facts) => {
      const labels = { 'app.kubernetes.io/managed-by': 'wpclone', 'wpclone.dev/state': state };
      const all = { ...annotations, 'wpclone.dev/epoch': epoch, 'wpclone.dev/facts': facts };
      const result = parseUnit({ metadata: { name: 'x', uid: 'u', labels, annotations: all } });
      expect(result.unit === undefined || /^\d+$/.test(epoch)).toBe(true);
    }),
  );
});

test('errors keep their code over the wire; a code of a newer version stays readable', () => {
  const error = new WpcloneError('DISK_FULL', 'No space.', { details: { path: '/wpclone' }, retryable: true });
  expect(errorFromWire(errorToWire(error))).toMatchObject({
    code: 'DISK_FULL',
    details: { path: '/wpclone' },
    retryable: true,
  });
  const unknown = errorFromWire({ code: 'FROM_THE_FUTURE', message: 'Something.', details: {}, retryable: false });
  expect(unknown).toMatchObject({ code: 'INTERNAL', message: 'FROM_THE_FUTURE: Something.' });
});
