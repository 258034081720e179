/**
 * Program: opens MANY streams of events at once (URL, token and number are its arguments), says `ready` when all have begun, and at their end
 * prints as JSON how long each event took to each reader, in milliseconds by the clock of this machine.
 */
import { Agent, request } from 'node:http';

const [url = '', token = '', many = '1'] = process.argv.slice(2);
const agent = new Agent({ maxSockets: Infinity });
/** When, and what: it is read at the end, since a reader's own work is not what is measured. */
const heard: [number, string][] = [];
let open = Number(many);
let begun = 0;

for (let n = 0; n < Number(many); n += 1) {
  const sent = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
    let rest = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      const now = Date.now();
      if (rest === '' && text.startsWith(':') && (begun += 1) === Number(many)) process.stdout.write('ready\n');
      const parts = (rest + text).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const said = /^data: (.*"type":"step-finished".*)$/m.exec(part)?.[1];
        if (said === undefined) continue;
        heard.push([now, said]);
      }
    });
    response.on('close', () => {
      if ((open -= 1) === 0) finish();
    });
  });
  sent.on('error', () => process.exit(1));
  sent.end();
}

function finish(): void {
  const times = heard.map(([now, said]) => {
    const { at }: { at: string } = JSON.parse(said);
    return now - Date.parse(at);
  });
  process.stdout.write(`${JSON.stringify(times)}\n`, () => process.exit());
}
