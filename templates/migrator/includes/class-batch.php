<?php
/**
 * Collects pieces of files into frames, so that thousands of small ones cost little.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * A piece in the frame's head: i (number in the request), o (offset), n (bytes), h (digest), s (size, mtime, ctime), e (whether the file ends with it);
 * or i and f, why the file cannot be had; or i and k, the state of a file that is what the client holds. A piece at offset 0 begins the file anew.
 */
final class Batch {
	const PIECES = 500;

	/**
	 * Whether the client wants deflated frames.
	 *
	 * @var bool
	 */
	private $gzip;

	/**
	 * Descriptions.
	 *
	 * @var array[]
	 */
	private $pieces = array();

	/**
	 * Bodies.
	 *
	 * @var string
	 */
	private $body = '';

	/**
	 * Makes a batch.
	 *
	 * @param bool $gzip Whether the client wants deflated frames.
	 */
	public function __construct( $gzip ) {
		$this->gzip = $gzip;
	}

	/**
	 * Adds a piece of a file.
	 *
	 * @param int    $number In the request.
	 * @param int    $offset Where in the file.
	 * @param string $bytes  The piece.
	 * @param int[]  $stat   State of the file.
	 * @param bool   $end    Whether the file ends with it.
	 */
	public function add( $number, $offset, $bytes, array $stat, $end ) {
		if ( '' !== $this->body && strlen( $this->body ) + strlen( $bytes ) > block_bytes() ) {
			$this->send();
		}
		$piece = array(
			'i' => $number,
			'o' => $offset,
			'n' => strlen( $bytes ),
			'h' => bin2hex( digest( $bytes ) ),
			's' => $stat,
		);
		if ( $end ) {
			$piece['e'] = true;
		}
		$this->pieces[] = $piece;
		$this->body    .= $bytes;
		if ( strlen( $this->body ) >= block_bytes() || count( $this->pieces ) >= self::PIECES ) {
			$this->send();
		}
	}

	/**
	 * Says that a file is what the client holds.
	 *
	 * @param int   $number In the request.
	 * @param int[] $stat   State of the file.
	 */
	public function held( $number, array $stat ) {
		$this->pieces[] = array(
			'i' => $number,
			'k' => $stat,
		);
		if ( count( $this->pieces ) >= self::PIECES ) {
			$this->send();
		}
	}

	/**
	 * Says that a file cannot be had.
	 *
	 * @param int    $number In the request.
	 * @param string $reason gone, unreadable or changing.
	 */
	public function fail( $number, $reason ) {
		$this->pieces[] = array(
			'i' => $number,
			'f' => $reason,
		);
	}

	/**
	 * Sends what has been collected.
	 */
	public function send() {
		if ( array() !== $this->pieces ) {
			send_frame( 'B', array( 'pieces' => $this->pieces ), $this->body, $this->gzip && $this->is_worth_packing() );
		}
		$this->pieces = array();
		$this->body   = '';
	}

	/**
	 * Whether a sample of the frame gets smaller: names tell little about what uploads hold.
	 */
	private function is_worth_packing() {
		$sample = substr( $this->body, intdiv( strlen( $this->body ), 3 ), 4096 );
		return strlen( $sample ) > 256 && function_exists( 'gzcompress' ) && strlen( gzcompress( $sample, 1 ) ) < 0.8 * strlen( $sample );
	}
}
