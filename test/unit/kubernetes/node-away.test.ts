import { expect, test } from 'vitest';
import { isNodeAway } from '../../../src/runtime/kubernetes/unit/node-away.ts';

const pod = (containers: string, ready: string, reason?: string) => ({
  status: {
    conditions: [
      { type: 'ContainersReady', status: containers },
      { type: 'Ready', status: ready, ...(reason === undefined ? {} : { reason }) },
    ],
  },
});

test('the node of a pod is away when the control plane contradicts the last word of its kubelet', () => {
  expect(isNodeAway(pod('True', 'False'))).toBe(true);
});

test('it is not when the pod starts, runs, or waits for what a load balancer says', () => {
  expect(isNodeAway({})).toBe(false);
  expect(isNodeAway(pod('False', 'False', 'ContainersNotReady'))).toBe(false);
  expect(isNodeAway(pod('True', 'True'))).toBe(false);
  expect(isNodeAway(pod('True', 'False', 'ReadinessGatesNotReady'))).toBe(false);
});
