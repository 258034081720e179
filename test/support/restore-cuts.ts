import type { Source } from './source/index.ts';

/** What of the site's code works on files and on the database: at each call of one of them it can be cut off. */
const STEPS = ['rename', 'link', 'unlink', 'rmdir', 'chmod', 'file_put_contents', 'mysqli_query'] as const;

export type Cut = 'kill' | 'database';

/**
 * Has the site do what a restore asks for, and cuts it off at its `at`-th step, or at the first one that has `at` among its words: PHP
 * dies there, or loses all its connections to the database. False when it came to its end before.
 */
export async function cutOff(
  source: Source,
  restore: string,
  operation: 'apply' | 'undo' | 'accept' | 'finish',
  at: number | string,
  cut: Cut = 'kill',
): Promise<boolean> {
  const file = operation === 'accept' || operation === 'finish' ? 'end' : operation;
  const { host, port, user, password } = source.database;
  const strike =
    cut === 'kill'
      ? 'posix_kill( getmypid(), 9 );'
      : `$own = \\mysqli_connect( '${host}', '${user}', '${password}', '', ${port} ); foreach ( \\mysqli_fetch_all( \\mysqli_query( $own, 'SHOW PROCESSLIST' ) ) as $row ) { if ( (int) $row[0] !== \\mysqli_thread_id( $own ) ) { @\\mysqli_query( $own, 'KILL ' . $row[0] ); } }`;
  const hit =
    typeof at === 'number'
      ? `0 === $GLOBALS['steps']--`
      : `false !== strpos( implode( ' ', array_filter( $words, 'is_string' ) ), '${at}' )`;
  const steps = STEPS.map(
    (name) => `function ${name}( ...$words ) { step( $words ); return \\${name}( ...$words ); }`,
  ).join(' ');
  // A function of the namespace goes before PHP's own.
  // Who was killed before keeps WordPress from updating itself, and us from writing, for a minute: that is over.
  const code = `delete_option( 'core_updater.lock' ); $GLOBALS['steps'] = ${typeof at === 'number' ? at : 0}; eval( <<<'CODE'
namespace Wpclone\\Migrator; function step( $words ) { if ( ${hit} ) { ${strike} } } ${steps}
CODE
); foreach ( array( 'class-refusal', 'output', 'write/server', 'write/${file}' ) as $part ) { require_once WP_PLUGIN_DIR . "/wpclone-migrator/includes/$part.php"; }
try { \\call_user_func( 'Wpclone\\Migrator\\${operation}_restore', array(), \\Wpclone\\Migrator\\find_restore( '${restore}' ), \\Wpclone\\Migrator\\open_write_session() ); } catch ( \\Throwable $error ) {} // What answers is not loaded here; the work is done by then.
echo 'steps left: ', $GLOBALS['steps'];`;
  const said = await source.php(code).catch(() => 'killed');
  return !/steps left: \d/.test(said);
}
