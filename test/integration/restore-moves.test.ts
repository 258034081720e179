import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTemp, run } from '../support/temp.ts';

const MIGRATOR = join(import.meta.dirname, '../../templates/migrator/includes');

/** Calls of the site's code that change files: at each of them it can be cut off. A function of the namespace goes before PHP's own. */
const STEPS = ['rename', 'link', 'unlink', 'rmdir', 'chmod'];

/** Runs the site's own code that moves a file, without WordPress, through every pair of cuts: in one direction, then in the other. */
const code = (folder: string): string => `<?php
namespace {
	define( 'ABSPATH', '/nowhere/' );
	class Cut extends Error {}
	function wp_mkdir_p( $folder ) { return is_dir( $folder ) || mkdir( $folder, 0755, true ); }
}
namespace Wpclone\\Migrator {
	const SLUG = 'wpclone-migrator';
	const FILE = __FILE__;
	function step() { if ( 0 === $GLOBALS['steps']-- ) { throw new \\Cut(); } }
	${STEPS.map((name) => `function ${name}( ...$words ) { step(); return '${name}' === 'link' && $GLOBALS['no_links'] ? false : @\\${name}( ...$words ); }`).join('\n')}
	require '${MIGRATOR}/write/move-files.php';
	const LIVE = '${folder}/live';
	const OURS = '${folder}/ours';

	function seen( $folder ) {
		$found = array();
		foreach ( array_diff( scandir( $folder ), array( '.', '..' ) ) as $name ) {
			$found[ $name ] = is_dir( "$folder/$name" ) ? seen( "$folder/$name" ) : file_get_contents( "$folder/$name" );
		}
		return $found;
	}
	function begin_anew( array $file ) {
		foreach ( array( LIVE, OURS ) as $folder ) {
			delete_folder( $folder );
			mkdir( $folder );
		}
		if ( null !== $file['sha_from'] ) { file_put_contents( LIVE . '/' . $file['path'], 'old' ); }
		if ( null !== $file['sha_to'] ) { file_put_contents( OURS . '/n1', 'new' ); }
	}
	function move( array $file, $undo, $healing = false, $steps = PHP_INT_MAX ) {
		$GLOBALS['steps'] = $steps;
		try { move_file( LIVE . '/' . $file['path'], OURS, $file, $undo, $healing ); } catch ( \\Cut $cut ) {}
	}
	$file  = array( 'n' => 1, 'path' => 'a.jpg', 'sha_from' => hash( 'sha256', 'old' ), 'sha_to' => hash( 'sha256', 'new' ), 'folders' => 0, 'facts' => '' );
	$kinds = array( $file, array( 'path' => 'one/two/a.jpg', 'folders' => 2, 'sha_from' => null ) + $file, array( 'sha_to' => null ) + $file );
	$wrong = array();
	$tried = 0;
	$GLOBALS['steps'] = PHP_INT_MAX;
	foreach ( array( false, true ) as $no_links ) {
		$GLOBALS['no_links'] = $no_links;
		foreach ( $kinds as $kind => $file ) {
			$ends = array();
			foreach ( array( false, true ) as $undo ) {
				for ( $first = 0; $first < 6; $first++ ) {
					for ( $second = 0; $second < 6; $second++ ) {
						begin_anew( $file );
						$before = seen( LIVE );
						move( $file, false );
						$after = seen( LIVE );
						if ( ! $undo ) { begin_anew( $file ); }
						move( $file, $undo, false, $first );
						move( $file, ! $undo, true, $second );
						move( $file, ! $undo, true );
						$healed = seen( LIVE );
						move( $file, $undo );
						$done = seen( LIVE );
						++$tried;
						if ( $healed !== ( $undo ? $after : $before ) || $done !== ( $undo ? $before : $after ) || $before === $after ) {
							$wrong[] = compact( 'no_links', 'kind', 'undo', 'first', 'second', 'healed', 'done' );
						}
					}
				}
			}
		}
	}
	delete_folder( LIVE );
	delete_folder( OURS );
	echo json_encode( array( 'tried' => $tried, 'wrong' => $wrong ) );
}`;

it('a file is where it was or where it belongs, wherever moving it and mending that were cut off', async () => {
  expect(JSON.parse(await run(['php'], code(makeTemp('restore-moves'))))).toEqual({ tried: 432, wrong: [] });
});
