/* A process that has another one wait for a job, and does nothing else. */
import { setInterval } from 'node:timers';
import { keepWorkers } from '../../src/agent/work/workers.ts';
import { workContext } from './work.ts';

keepWorkers({ environment: process.env, runtime: 'local' }, workContext()).prepare();
setInterval(() => undefined, 1_000);
