/**
 * Posts jobs to an agent at a steady rate, and prints how many milliseconds each took. A process of its own, in its own session, that goes before
 * others where it may: it stands for somebody at another machine, who does not wait for this one's processors.
 * Takes a `Visit` as JSON at standard input.
 */
import { Agent as Connections } from 'node:http';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { steadily } from './figures.ts';
import { ask, nowhere, type Visit } from './process.ts';

try {
  writeFileSync('/proc/self/autogroup', '-10', { flag: 'r+' });
} catch {
  // No right to it: then the figures hold what it waits itself.
}
const { url, token, perSecond, seconds }: Visit = JSON.parse(await text(process.stdin));
const connections = new Connections({ keepAlive: true });
const times = await steadily(perSecond, seconds, (n) =>
  ask(connections, { method: 'POST', url: `${url}/api/v2/clone`, body: nowhere(n), token }),
);
connections.destroy();
process.stdout.write(JSON.stringify(times));
