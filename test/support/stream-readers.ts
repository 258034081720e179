/**
 * Program: opens MANY streams of events at once (URL, token and number are its arguments), says `ready` when all have begun, and at their end
 * prints as JSON how long each event took to each reader, in milliseconds by the clock of this machine.
 */
import { Agent, request } from 'node:http';

const [url = '', token = '', many = '1'] = process.argv.slice(2);
const agent = new Agent({ maxSockets: Infinity });
const times: number[] = [];
let open = Number(many);
let begun = 0;

for (let n = 0; n < Number(many); n += 1) {
  const sent = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
    let rest = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      if (rest === '' && text.startsWith(':') && (begun += 1) === Number(many)) process.stdout.write('ready\n');
      const parts = (rest + text).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const said = /^data: (.*"type":"step-finished".*)$/m.exec(part)?.[1];
        if (said === undefined) continue;
        const { at }: { at: string } = JSON.parse(said);
        times.push(Date.now() - Date.parse(at));
      }
    });
    response.on('close', () => {
      if ((open -= 1) === 0) process.stdout.write(`${JSON.stringify(times)}\n`, () => process.exit());
    });
  });
  sent.on('error', () => process.exit(1));
  sent.end();
}
