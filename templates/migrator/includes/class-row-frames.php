<?php
/**
 * Where what is read from tables goes: into frames of rows.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Takes the rows of a table in blocks.
 */
interface Row_Sink {
	/**
	 * Takes a block of rows.
	 *
	 * @param string     $text    Rows as LOAD DATA reads them.
	 * @param int        $rows    How many end in it.
	 * @param array|null $cursor  Key of the last whole row.
	 * @param bool       $last    Whether what was asked for ends with it.
	 * @param bool       $partial Whether the last row goes on in the next block.
	 */
	public function block( $text, $rows, $cursor, $last, $partial = false );
}

/**
 * Sends the rows of one table.
 */
final class Row_Frames implements Row_Sink {
	/**
	 * The table's number in the request.
	 *
	 * @var int
	 */
	private $number;

	/**
	 * Whether to deflate.
	 *
	 * @var bool
	 */
	private $gzip;

	/**
	 * Makes a sink.
	 *
	 * @param int  $number The table's number in the request.
	 * @param bool $gzip   Whether to deflate.
	 */
	public function __construct( $number, $gzip ) {
		$this->number = $number;
		$this->gzip   = $gzip;
	}

	/**
	 * Sends a block; see Row_Sink.
	 *
	 * @param string     $text    Rows.
	 * @param int        $rows    How many end in it.
	 * @param array|null $cursor  Key of the last whole row.
	 * @param bool       $last    Whether the table ends with it.
	 * @param bool       $partial Whether the last row goes on in the next block.
	 */
	public function block( $text, $rows, $cursor, $last, $partial = false ) {
		$head = array(
			't' => $this->number,
			'n' => $rows,
			'c' => null === $cursor ? null : array_map( 'base64_encode', $cursor ),
		);
		if ( $last ) {
			$head['last'] = true;
		}
		if ( $partial ) {
			$head['part'] = true;
		}
		send_frame( 'R', $head, $text, $this->gzip );
	}
}
