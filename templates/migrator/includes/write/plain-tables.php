<?php
/**
 * Tables whose engine keeps no transactions (MyISAM and the like). They are written last, just before the commit; that they are about to
 * be is noted before. Where the note is there and the receipt is not, what was written is taken back, row by row, by the before images.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Takes back what a transaction that never came to its end wrote into such tables.
 *
 * @param \mysqli $side    Connection.
 * @param string  $id      Restore.
 * @param array   $shape   As from kept_shape().
 * @param bool    $undo    The direction of taking back.
 * @throws Refusal When it cannot be.
 */
function heal_plain_tables( $side, $id, array $shape, $undo ) {
	foreach ( array_reverse( array_keys( $shape['batches'] ) ) as $number ) {
		$sql = new Batch_Sql( $id, $shape, $number, $undo );
		if ( ! $sql->table['plain'] ) {
			continue;
		}
		switch ( $sql->role ) {
			case 'update':
				run_query( $side, $sql->update() );
				break;
			case 'destroy':
				run_query( $side, $sql->destroy() );
				break;
			case 'create':
				// Only those that are not there: it may not have come so far.
				run_query( $side, 'INSERT IGNORE' . substr( $sql->create(), strlen( 'INSERT' ) ) );
				break;
			case 'add':
				run_query( $side, $sql->add() );
				break;
			case 'remove':
				run_query( $side, $sql->remove() );
				break;
			case 'count':
				write_counted( $side, $sql, $undo, true );
				break;
		}
	}
}
