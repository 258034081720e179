import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** Milliseconds after the start of a container in which the kubelet remembers how often it was started again. */
const REMEMBERED = 10 * 60_000;
/** Starts again with which the next one is kept waiting for 20 seconds, the one after it for 40, and so on: the first waits for none, the second for 10. */
const OFTEN = 2;

/**
 * Until when the kubelet would keep the unit's containers waiting, should they be ended once more, for longer than it takes to make another unit;
 * milliseconds since the epoch, undefined when it would not. Two such waits follow each other in a recycling, and the third one in ten minutes is longer than it may take:
 * a unit with nothing wrong would be set aside.
 */
export const heldBackUntil = ({ status }: V1Pod): number | undefined => {
  const ends = (status?.containerStatuses ?? []).flatMap((each) => endOf(each) ?? []);
  return ends.length === 0 ? undefined : Math.max(...ends);
};

function endOf({ restartCount, state }: V1ContainerStatus): number | undefined {
  const startedAt = state?.running?.startedAt;
  if (restartCount < OFTEN || startedAt === undefined) return undefined;
  return new Date(startedAt).getTime() + REMEMBERED;
}
