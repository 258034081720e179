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

	/**
	 * Whether it may end inside a row that comes in pieces, because who takes the rows goes on from there.
	 */
	public function may_end_in_row();
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
	 * How many bytes of the first row, or of a table without a key, were taken before and are not sent again; null for who cannot go on there.
	 *
	 * @var int|null
	 */
	private $taken;

	/**
	 * The digest of what is not sent again, so that it can be told whether that is still the same.
	 *
	 * @var \HashContext|resource
	 */
	private $known;

	/**
	 * Makes a sink.
	 *
	 * @param int      $number The table's number in the request.
	 * @param bool     $gzip   Whether to deflate.
	 * @param int|null $taken  Bytes that are not to be sent; null for a client that does not know of it.
	 */
	public function __construct( $number, $gzip, $taken ) {
		$this->number = $number;
		$this->gzip   = $gzip;
		$this->taken  = $taken;
		$this->known  = $taken > 0 ? hash_init( 'sha256' ) : null;
	}

	/**
	 * Whether something of a row was sent and the client goes on behind it; see Row_Sink.
	 */
	public function may_end_in_row() {
		return null !== $this->taken && null === $this->known;
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
		if ( null !== $this->known ) {
			$known = substr( $text, 0, $this->taken );
			$text  = (string) substr( $text, strlen( $known ) );
			hash_update( $this->known, $known );
			$this->taken -= strlen( $known );
			if ( '' === $text && ! $last ) {
				return;
			}
			// Those before were counted when they were sent.
			$head['n']   = substr_count( $text, "\n" );
			$head['k']   = hash_final( $this->known );
			$this->known = null;
		}
		send_frame( 'R', $head, $text, $this->gzip );
	}
}
