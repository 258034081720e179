import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const ASKS = `<?php /* a plugin that asks a local service whether it is there, and takes no for an answer */
$socket = @fsockopen( '127.0.0.1', 9, $number, $text, 0.2 );
$client = function_exists( 'stream_socket_client' ) ? @stream_socket_client( 'tcp://127.0.0.1:9', $other, $said, 1 ) : null;
$ftp    = function_exists( 'ftp_connect' ) ? @ftp_connect( '127.0.0.1', 9, 1 ) : false;
$known  = ( new ReflectionFunction( 'fsockopen' ) )->getNumberOfParameters();
add_action( 'wp_footer', function () use ( $socket, $client, $ftp, $known, $number, $text ) {
	echo '<!-- service: ', var_export( array( $socket, $client, $ftp, $known, $number, $text ), true ), ' -->';
} );
`;

export const situation: Situation = {
  promise: 'code that opens connections finds nobody there, and goes on',
  source: { muPlugins: { 'asks.php': ASKS } },
  check: async ({ get }) => {
    const { status, body } = await get('/');
    expect(status).toBe(200);
    const said = /<!-- service: ([^-]*) -->/.exec(body)?.[1]?.replace(/\s+|\d+ => /g, '');
    expect(said).toBe(`array(false,false,false,5,111,'Connectionrefused',)`);
  },
};
