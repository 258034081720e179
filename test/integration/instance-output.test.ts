import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, waitFor, type Server } from '../support/servers.ts';
import { freePort, makeTemp, run } from '../support/temp.ts';

const WEB = join(import.meta.dirname, '../../templates/instance/web');

/** Runs the code that is posted to it behind the output handler of a clone of https://www.source.example/shop. */
const SCRIPT = `<?php
function wpclone_settings() {
  return array(
    'cloneUrl'  => 'http://localhost:8101/shop',
    'addresses' => array(
      array( 'https://www.source.example/shop', 'http://localhost:8101/shop' ),
      array( 'https://source.example/shop', 'http://localhost:8101/shop' ),
    ),
  );
}
putenv( 'WPCLONE_INSTANCE=' . __DIR__ );
foreach ( array( 'addresses', 'output', 'headers', 'htaccess', 'routes', 'own-files' ) as $part ) {
  require '${WEB}/' . $part . '.php';
}
wpclone_watch_output();
eval( file_get_contents( 'php://input' ) );
`;

const DOT = Buffer.from('R0lGODlhAwACAAAAACw=', 'base64');
/** Of the clone, and what is none of its own. */
const FILES: Readonly<Record<string, string | Buffer>> = {
  'secret.txt': 'secret',
  'www/shop/wp-content/logo one.svg': '<svg/>',
  'www/shop/wp-content/dot.gif': DOT,
  'www/shop/wp-content/code.php': '<?php secret();',
  'www/shop/wp-content/closed/a.txt': 'secret',
  'www/shop/wp-content/closed/.htaccess': 'Require all denied',
};

let server: Server;
let url: string;
beforeAll(async () => {
  const folder = makeTemp('output');
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  writeFileSync(join(folder, 'run.php'), SCRIPT);
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  const log = join(folder, 'log');
  server = startServer(
    ['php', '-d', 'memory_limit=32M', '-d', 'allow_url_fopen=0', '-S', `127.0.0.1:${port}`, join(folder, 'run.php')],
    { log },
  );
  await waitFor('PHP', () => answer(''), log);
});
afterAll(() => server.stop());

async function answer(code: string) {
  const { headers, body } = await request(url, { method: 'POST', body: code });
  return { headers, body: await body.text() };
}

const printed = async (code: string): Promise<string> => (await answer(code)).body;

test.each([
  ['https://www.source.example/shop/a', 'http://localhost:8101/shop/a'],
  ['//SOURCE.example/shop"', '//localhost:8101/shop"'],
  ['https:\\/\\/source.example\\/shop\\/a', 'http:\\/\\/localhost:8101\\/shop\\/a'],
  ['https:\\\\/\\\\/source.example\\\\/shop', 'http:\\\\/\\\\/localhost:8101\\\\/shop'],
  ['https%3A%2F%2Fsource.example%2Fshop%2Fa', 'http%3A%2F%2Flocalhost%3A8101%2Fshop%2Fa'],
  ['https:\\u002F\\u002Fsource.example\\u002Fshop', 'http:\\u002F\\u002Flocalhost:8101\\u002Fshop'],
  ['https:&#x2F;&#x2F;source.example&#x2F;shop', 'http:&#x2F;&#x2F;localhost:8101&#x2F;shop'],
  ['wss://source.example/shop/ws', 'ws://localhost:8101/shop/ws'],
  ['See https://source.example/shop.', 'See http://localhost:8101/shop.'],
  ['https://localhost:8101/shop', 'http://localhost:8101/shop'],
  ['http://localhost/shop/a', 'http://localhost:8101/shop/a'],
  ['"//localhost/a.js"', '"//localhost:8101/a.js"'],
  ['https:\\/\\/localhost"', 'http:\\/\\/localhost:8101"'],
  ['http://localhost:8102/', 'http://localhost:8102/'],
  ['http://localhost.example/', 'http://localhost.example/'],
  ['https://source.example/shopping', 'https://source.example/shopping'],
  ['https://source.example.evil/shop', 'https://source.example.evil/shop'],
  ['https://source.example/other', 'https://source.example/other'],
  ['https://source.example:8443/shop', 'https://source.example:8443/shop'],
  ['s:27:"https://source.example/shop"', 's:27:"https://source.example/shop"'],
  ['x="s:27:\\"https://source.example/shop\\""', 'x="s:27:\\"https://source.example/shop\\""'],
])('%s leaves a clone as %s', async (from, to) => {
  expect(await printed(`echo base64_decode( '${Buffer.from(`<p>${from}`).toString('base64')}' );`)).toBe(`<p>${to}`);
});

test('an address that is printed in pieces is seen whole, and a page larger than the memory passes', async () => {
  expect(
    await printed(`foreach ( str_split( '<a href="https://source.example/shop/">' ) as $c ) { echo $c; ob_flush(); }`),
  ).toBe('<a href="http://localhost:8101/shop/">');
  const large = await printed(
    `for ( $i = 0; $i < 400000; $i++ ) { echo '<a href="https://source.example/shop/', $i % 10, '">some text of this page that is long enough</a>'; }`,
  );
  expect(large.match(/http:\/\/localhost:8101\/shop\/\d"/g)).toHaveLength(400_000);
  expect(large).not.toContain('source.example');
});

test('what is no page passes as it is', async () => {
  const address = 'https://source.example/shop';
  for (const code of [
    `header( 'Content-Type: application/pdf' ); echo '${address}';`,
    `header( 'Content-Type: application/rss+xml' ); echo '${address}';`,
    `header( 'Content-Disposition: attachment; filename=a.json' ); echo '${address}';`,
    `header( 'Content-Encoding: gzip' ); echo '${address}';`,
    `$_SERVER['SCRIPT_NAME'] = '/wp-admin/theme-editor.php'; echo '${address}';`,
  ])
    expect(await printed(code)).toBe(address);
  expect(await printed(`echo "PK\\x03\\x04${address}";`)).toBe(`PK\u0003\u0004${address}`);
  expect(await printed(`echo "GIF89a\\0${address}";`)).toBe(`GIF89a\0${address}`);
  expect(await printed(`echo serialize( array( 'u' => '${address}' ) );`)).toBe(`a:1:{s:1:"u";s:27:"${address}";}`);
});

test('headers lead to the clone, and hold what a browser takes over http', async () => {
  const { headers } = await answer(`
    header( 'Link: <https://source.example/shop/wp-json/>; rel="https://api.w.org/"' );
    header( 'Strict-Transport-Security: max-age=1' );
    header( "Content-Security-Policy: default-src 'self' https://source.example/shop; upgrade-insecure-requests" );
    header( 'Set-Cookie: a=secure; Path=/; Domain=.source.example; Secure; HttpOnly', false );
    header( 'Set-Cookie: b=1; SameSite=None; secure', false );
    header( 'Set-Cookie: __Host-c=1; Path=/; Secure', false );
    header( 'Content-Length: 27' );
    echo 'https://source.example/shop';`);
  expect(headers).toMatchObject({
    link: '<http://localhost:8101/shop/wp-json/>; rel="https://api.w.org/"',
    'content-security-policy': "default-src 'self' http://localhost:8101/shop;",
    'set-cookie': ['a=secure; Path=/; HttpOnly', 'b=1; SameSite=Lax', '__Host-c=1; Path=/; Secure'],
    'content-length': '26',
  });
  expect(headers).not.toHaveProperty('strict-transport-security');
});

test('a script may end, clean and restart output buffers as it likes', async () => {
  expect(await printed(`echo 'gone'; ob_clean(); echo 'https://source.example/shop';`)).toBe(
    'http://localhost:8101/shop',
  );
  expect(await printed(`while ( ob_get_level() ) { ob_end_clean(); } echo 'plain';`)).toBe('plain');
});

test('every function that the settings close has a stand-in of the same shape', async () => {
  const code = `
    foreach ( array_map( 'trim', explode( ',', parse_ini_file( '${join(WEB, '../php.ini')}', false, INI_SCANNER_RAW )['disable_functions'] ) ) as $name ) {
      if ( ! function_exists( $name ) ) { continue; }
      $shape = array();
      foreach ( ( new ReflectionFunction( $name ) )->getParameters() as $p ) {
        $shape[] = $p->getName() . ( $p->isPassedByReference() ? '&' : '' ) . ( $p->isOptional() ? '?' : '' );
      }
      $shapes[ $name ] = implode( ' ', $shape );
    }
    echo json_encode( $shapes );`;
  const real = await run(['php'], `<?php ${code}`);
  const names = Object.keys(JSON.parse(real) as object);
  expect(names).toContain('fsockopen');
  const stood = ['php', '-d', `disable_functions=${names.join(',')}`];
  expect(await run(stood, `<?php require '${WEB}/disabled-functions.php'; ${code}`)).toBe(real);
});

test('functions that PHP has under the source’s web server only are there, and what comes after the end of an answer is not sent', async () => {
  const under = (sapi: string, code: string): Promise<string> =>
    run(['php'], `<?php require '${WEB}/server-functions.php'; wpclone_stand_in_for( '${sapi}' ); ${code}`);
  const finish = `ob_start(); echo 'page'; var_dump( fastcgi_finish_request() ); echo 'later';`;
  expect(await under('fpm-fcgi', finish)).toBe('page');
  expect(await under('litespeed', finish.replace('fastcgi', 'litespeed'))).toBe('page');
  expect(await under('apache2handler', `apache_setenv( 'no-gzip', '1' ); echo apache_get_version();`)).toBe('Apache');
  const none = `echo json_encode( array( function_exists( 'fastcgi_finish_request' ), function_exists( 'apache_setenv' ) ) );`;
  expect(await under('', none)).toBe('[false,false]');
});

test('code reads the files of its own site by their address, and no others', async () => {
  const own = 'http://localhost:8101/shop/wp-content';
  const read = (address: string) => printed(`var_export( @file_get_contents( '${address}' ) );`);
  expect(await read(`${own}/logo%20one.svg`)).toBe("'<svg/>'");
  expect(await read('https://www.source.example/shop/wp-content/logo%20one.svg?ver=1#a')).toBe("'<svg/>'");
  expect(await printed(`echo json_encode( getimagesize( '${own}/dot.gif' ) );`)).toContain('"0":3,"1":2');
  expect(
    await printed(`echo json_encode( array( @filesize( '${own}/dot.gif' ), file_exists( '${own}/dot.gif' ) ) );`),
  ).toBe('[false,false]');
  for (const address of [
    `${own}/code.php`,
    `${own}/code.php/a.svg`,
    `${own}/closed/a.txt`,
    `${own}/closed/.htaccess`,
    `${own}/../../../secret.txt`,
    `${own}/%2e%2e/%2e%2e/%2e%2e/secret.txt`,
    `${own}/none.svg`,
    'http://localhost:8101/',
    `${url}shop/wp-content/dot.gif`,
    'http://other.example/shop/wp-content/dot.gif',
  ])
    expect(await read(address)).toBe('false');
  expect(await printed(`var_export( @file_put_contents( '${own}/new.txt', 'a' ) );`)).toBe('false');
  const aloud = 'set_error_handler( function ( $number, $message ) { echo $message; } );';
  expect(await printed(`${aloud} file_get_contents( 'http://other.example/' );`)).toContain('opens no addresses');
});

test('code is told by which scheme and at which address it was asked, as by web servers', async () => {
  const told = `echo json_encode( array( $_SERVER['REQUEST_SCHEME'], $_SERVER['SERVER_ADDR'] ) );`;
  expect(await printed(`wpclone_tell_scheme( false ); ${told}`)).toBe('["http","127.0.0.1"]');
  expect(await printed(`wpclone_tell_scheme( true ); ${told}`)).toBe('["https","127.0.0.1"]');
});
