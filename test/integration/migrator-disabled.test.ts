import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import { packContent, signedBody } from '../../src/site/signing.ts';
import { installMigrator } from '../support/migrator.ts';
import { asWebUser } from '../support/servers.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { bootCode } from '../support/source/template.ts';
import { run } from '../support/temp.ts';

let source: Source;
let access: SourceAccess;
beforeAll(async () => {
  source = await startSource({ posts: 1 });
  access = await installMigrator(source);
});
afterAll(() => source.stop());

/** Runs code in a PHP that lacks some functions; resolves to what it printed, or to how it failed. */
function runWithout(disabled: readonly string[], code: string): Promise<string> {
  const settings = [`disable_functions=${disabled.join(',')}`, 'display_errors=1', 'html_errors=0', 'log_errors=0'];
  return run(asWebUser(['php', ...settings.flatMap((setting) => ['-d', setting])]), code).catch(String);
}

const bootedCode = (): string => bootCode({}, source.port, source.path);

/** What the plugin prints when it is asked. */
function ask(disabled: readonly string[], question: object): Promise<string> {
  const content = packContent(question, false);
  const time = Math.floor(Date.now() / 1000);
  const nonce = randomBytes(16).toString('hex');
  const body = signedBody({ method: 'POST', target: '/', time, nonce, content }, access.keyId, access.secret);
  const given = `$_POST['wpclone'] = '${body.replace('wpclone=', '')}'; require`;
  return runWithout(disabled, bootedCode().replace("'GET'", "'POST'").replace('require', given));
}

const QUESTIONS = [
  { op: 'info' },
  { op: 'manifest', roots: ['core'], exclude: ['wp-includes', 'wp-admin'] },
  { op: 'files', files: [['core', 'index.php', 0]] },
  { op: 'rows', tables: [{ name: 'wp_posts', columns: ['ID', 'post_title'], key: ['ID'] }] },
];

/** What hosts switch off, by their published lists and by what people report, as far as a plugin like ours might call it. */
const DISABLED_BY_HOSTS =
  `ignore_user_abort set_time_limit ini_set ini_get ini_get_all ini_alter ini_restore get_cfg_var error_log error_reporting readlink
  symlink link scandir glob opendir readdir dir realpath is_link fileperms fileowner chmod chown touch unlink rmdir
  disk_free_space disk_total_space diskfreespace gethostname gethostbyname php_uname phpversion phpinfo getmypid getmyuid getmyinode
  get_current_user getlastmod posix_getpwuid posix_geteuid posix_kill opcache_get_status opcache_reset opcache_invalidate flush
  ob_get_level ob_end_clean ob_end_flush ob_list_handlers ob_get_status connection_aborted connection_status header_remove
  headers_list apache_setenv apache_note openssl_digest gzcompress gzuncompress gzinflate stream_set_read_buffer stream_get_contents
  stream_socket_client fsockopen pfsockopen curl_exec clearstatcache register_shutdown_function set_error_handler putenv getenv sleep
  usleep mail exec shell_exec system passthru popen proc_open proc_nice show_source highlight_file parse_ini_file syslog openlog
  debug_backtrace get_defined_functions get_declared_classes dl eval create_function sys_getloadavg getrusage memory_get_usage gc_collect_cycles`.split(
    /\s+/,
  );

/** Those without which WordPress still starts: halves of what it does not start without are tried, down to single ones. */
async function doneWithout(names: readonly string[]): Promise<readonly string[]> {
  if ((await runWithout(names, `${bootedCode()} echo 'it is up';`)).includes('it is up')) return names;
  if (names.length === 1) return [];
  const half = names.length >> 1;
  return [...(await doneWithout(names.slice(0, half))), ...(await doneWithout(names.slice(half)))];
}

it('functions that hosts disable do not keep the plugin from answering, as far as WordPress itself can be without them', async () => {
  const without = await doneWithout(DISABLED_BY_HOSTS);
  expect(without).toEqual(
    expect.arrayContaining(['ignore_user_abort', 'set_time_limit', 'scandir', 'readlink', 'flush']),
  );
  for (const question of QUESTIONS) {
    const said = await ask(without, question);
    expect({ op: question.op, done: said.includes('{"done":true}') || said.slice(0, 500) }).toEqual({
      op: question.op,
      done: true,
    });
  }
});
