import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import type { ConnectDeps, ConnectRequest } from '../../src/site/connect/types.ts';
import { createSiteClient } from '../../src/site/client.ts';
import type { Source } from './source/index.ts';
import { workContext } from './work.ts';

export const connectDeps = (changes: Partial<ConnectDeps> = {}): ConnectDeps & ReturnType<typeof workContext> => {
  const work = workContext(changes.signal);
  // As the pipeline gives it to the step that connects.
  const retry: ConnectDeps['retry'] = (message, waitSeconds) =>
    work.emit({ type: 'retry', step: 'connect', message, waitSeconds });
  return {
    ...work,
    retry,
    environment: process.env,
    openClient: (access, hasty = false) => createSiteClient(access, { ...work, retry, hasty }),
    ...changes,
  };
};

/** A request to connect to the source as its administrator. */
export const asAdmin = (source: Source, changes: Partial<ConnectRequest> = {}): ConnectRequest => ({
  url: source.url,
  username: source.adminUser,
  password: () => Promise.resolve(source.adminPassword),
  insecureTls: false,
  ...changes,
});

/** What of ours can be found at a source: empty when nothing is left. */
export async function traces(source: Source): Promise<string[]> {
  const found = await source.php(`
    global $wpdb;
    $found = array();
    if ( file_exists( WP_PLUGIN_DIR . '/wpclone-migrator' ) ) { $found[] = 'files'; }
    foreach ( get_option( 'active_plugins' ) as $plugin ) { if ( strpos( $plugin, 'wpclone' ) !== false ) { $found[] = 'active_plugins'; } }
    foreach ( $wpdb->get_col( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '%wpclone%' OR ( option_name <> 'paper_settings' AND option_value LIKE '%wpclone-migrator%' )" ) as $name ) { $found[] = "option $name"; }
    foreach ( $wpdb->get_col( "SELECT post_title FROM {$wpdb->posts} WHERE post_title LIKE '%wpclone%'" ) as $title ) { $found[] = "post $title"; }
    foreach ( $wpdb->get_col( "SELECT user_id FROM {$wpdb->usermeta} WHERE meta_key = 'session_tokens'" ) as $user ) { $found[] = "session of $user"; }
    foreach ( array_merge( glob( WP_CONTENT_DIR . '/uploads/*/*/*wpclone*' ), glob( WP_CONTENT_DIR . '/upgrade/*' ) ) as $file ) { $found[] = $file; }
    echo wp_json_encode( $found );`);
  const parsed: unknown = JSON.parse(found);
  return Array.isArray(parsed) ? parsed.map(String) : [];
}

/** Requests that the source has answered, as `METHOD path`. */
export const requestsTo = (source: Source): string[] =>
  [...readFileSync(join(source.logs, 'access.log'), 'utf8').matchAll(/"(GET|POST) (\S+) HTTP/g)].map(
    ([, method, path]) => `${method} ${path}`,
  );

export interface Listener {
  /** Its address under `host`, which is a name or number of this machine. */
  url(host?: string): string;
  /** What was sent to it: method, path and body. */
  readonly received: string[];
  close(): Promise<void>;
}

/** A web server that is not WordPress, or only pretends to be. */
export async function listen(answer: RequestListener): Promise<Listener> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    received,
    url: (host = '127.0.0.1') => `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
