import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { streamToMany } from '../../test/support/streams.ts';
import { createHome } from '../home.ts';
import type { Row } from '../table.ts';
import { said } from './figures.ts';
import { withAgent } from './process.ts';

const IDLE = 5_000;
const READERS = 500;
const EVENTS = 50;
const EVENT_PAUSE = 250;

export async function eventRows(): Promise<Row[]> {
  const { times, processor } = await streamToMany(READERS, EVENTS, EVENT_PAUSE);
  const each = `${(processor / EVENTS).toFixed(1)} ms of the processor for an event to all of them`;
  return [
    {
      what: `agent, event to reader, ${READERS} streams`,
      ours: `${said(times)} (goal: p99 50 ms); ${each}`,
      beside: '',
      ratio: '',
    },
  ];
}

export async function idleRows(): Promise<Row[]> {
  const home = createHome();
  try {
    const kilobytes = await withAgent({ home: home.folder, jobs: 4 }, async ({ pid }) => {
      await sleep(IDLE);
      return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    });
    return [
      { what: 'agent, idle memory', ours: `${(kilobytes / 1000).toFixed(0)} MB (goal: 120 MB)`, beside: '', ratio: '' },
    ];
  } finally {
    await home.remove();
  }
}
