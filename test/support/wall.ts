import { createServer, request as ask, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Source } from './source/index.ts';

/** A request as a wall sees it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface WallAnswer {
  readonly status: number;
  readonly headers?: IncomingHttpHeaders;
  readonly body: string | Buffer;
}

export interface WallRules {
  /** An answer of the wall's own; undefined lets the request through. */
  readonly judge?: (seen: Seen) => WallAnswer | undefined;
  /** Changes what the site answered. */
  readonly change?: (answer: WallAnswer, seen: Seen) => WallAnswer;
  /** Answers are cut off after so many bytes. */
  readonly cap?: number;
  /** Request headers that are dropped. */
  readonly drop?: RegExp;
}

export interface Wall {
  readonly url: string;
  readonly seen: readonly Seen[];
  stop(): Promise<void>;
}

/** Puts an HTTP proxy before a source, which from then on is known by the proxy's address. */
export async function startWall(source: Source, rules: WallRules): Promise<Wall> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { method = 'GET', url = '/', headers } = request;
      const each: Seen = { method, url, headers, body: await buffer(request) };
      seen.push(each);
      const own = rules.judge?.(each);
      const passed = own ?? (await forward(source, each, rules.drop));
      const answer = own ?? rules.change?.(passed, each) ?? passed;
      const body = Buffer.from(answer.body);
      response.writeHead(answer.status, { ...answer.headers, 'content-length': body.length });
      if (rules.cap !== undefined && body.length > rules.cap) {
        response.write(body.subarray(0, rules.cap), () => response.destroy());
        return;
      }
      response.end(body);
    })().catch(() => response.destroy());
  });
  const { hostname } = new URL(source.url);
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  const address = server.address();
  const url = `http://${hostname}:${typeof address === 'object' && address ? address.port : 0}`;
  await source.query(`UPDATE wp_options SET option_value = '${url}' WHERE option_name IN ('home', 'siteurl')`);
  return {
    url,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function forward(source: Source, seen: Seen, drop: RegExp | undefined): Promise<WallAnswer> {
  const { method, url, body } = seen;
  const entries = Object.entries(seen.headers).filter(([name]) => !drop?.test(name) && name !== 'connection');
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = Object.fromEntries(entries);
    ask(`${source.url}${url}`, { method, headers, agent: false }, resolve).on('error', reject).end(body);
  });
  const own = /^(?:connection|keep-alive|transfer-encoding|content-length)$/;
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !own.test(name)));
  return { status: answer.statusCode ?? 502, headers, body: await buffer(answer) };
}
