import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startServer, waitFor } from '../servers.ts';
import type { Source } from '../source/index.ts';
import { freePort, makeTemp } from '../temp.ts';

const MODULES = ['mpm_event', 'authz_core', 'unique_id', 'proxy', 'proxy_http', 'security2'];
const FOLDER = '/etc/modsecurity';

export interface Modsecurity {
  readonly url: string;
  /** What its rules matched so far: the messages of its audit log. */
  matches(): string[];
  stop(): Promise<void>;
}

/**
 * Apache with ModSecurity and the OWASP core rule set, as Debian has them and blocking, before a source, which from then on is known by
 * its address. The name is `localhost`: the rules count a number as a host against a visitor.
 */
export async function startModsecurity(source: Source): Promise<Modsecurity> {
  const folder = makeTemp('modsecurity');
  const port = await freePort();
  const log = join(folder, 'error.log');
  const audit = join(folder, 'audit.log');
  writeFileSync(audit, '');
  writeFileSync(
    join(folder, 'apache.conf'),
    `ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/apache.pid
ErrorLog ${log}
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:${source.port}/
SecDataDir ${folder}
${settings(audit)}
Include ${FOLDER}/crs/crs-setup.conf
Include /usr/share/modsecurity-crs/rules/*.conf
`,
  );
  const server = startServer(['apache2', '-X', '-f', join(folder, 'apache.conf')], { log });
  await waitFor('Apache', () => reach(port), log);
  const url = `http://localhost:${port}`;
  await source.query(`UPDATE wp_options SET option_value = '${url}' WHERE option_name IN ('home', 'siteurl')`);
  return {
    url,
    matches: () =>
      readFileSync(audit, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('Message:')),
    stop: () => server.stop(),
  };
}

/** The settings that ModSecurity recommends, but that it blocks, and where it writes. */
const settings = (audit: string): string =>
  readFileSync(join(FOLDER, 'modsecurity.conf-recommended'), 'utf8')
    .replace(/^SecRuleEngine .*$/m, 'SecRuleEngine On')
    .replace(/^SecAuditLog .*$/m, `SecAuditLog ${audit}`)
    .replace(/^SecUnicodeMapFile \S+/m, `SecUnicodeMapFile ${FOLDER}/unicode.mapping`);

async function reach(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.destroy();
}
