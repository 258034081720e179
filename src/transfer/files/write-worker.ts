import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf } from '../../shared/system.ts';
import { createLaneWriter, isRefusal, type LaneWriter } from './lane-writer.ts';
import type { WriteBatch, WriteReply, WriteResult, WriterSettings } from './write-protocol.ts';

/** The writing thread: takes batches in order, answers each; see write-protocol.ts. */
const settings: WriterSettings = workerData;
const lanes = new Map<string, LaneWriter>();
const folders = new Set((settings.folders ?? []).map((place) => join(settings.target, place)));
const port = parentPort;

port?.on('message', (batch: WriteBatch) => {
  try {
    const results = apply(batch);
    reply({ type: 'done', buffer: batch.buffer, results }, [batch.buffer]);
  } catch (error) {
    const code = isRefusal(error) ?? codeOf(error) ?? 'UNKNOWN';
    reply({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  }
});

function apply(batch: WriteBatch): WriteResult[] {
  const lane = lanes.get(batch.lane) ?? createLaneWriter(batch.lane, settings, folders);
  lanes.set(batch.lane, lane);
  const bytes = Buffer.from(batch.buffer);
  return batch.operations.flatMap((operation) => lane.apply(operation, bytes) ?? []);
}

function reply(message: WriteReply, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}
