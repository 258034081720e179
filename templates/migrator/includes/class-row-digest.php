<?php
/**
 * Where what is read from tables goes: into the digests of its ranges.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Sends a frame for each range of one table: n (rows), b (bytes), c (its last key, or null), d (digest), f (version of the rows' form).
 */
final class Row_Digest implements Row_Sink {
	/** A client gives up what is silent; so many seconds are far from that. */
	const SILENCE = 5;

	/** So much is held, to be hashed at once: that is several times faster than piece by piece. */
	const HELD_BYTES = 2097152;

	/**
	 * The table's number in the request.
	 *
	 * @var int
	 */
	private $number;

	/**
	 * What a range is: "block", "range" (up to a bound) or "whole" (the table).
	 *
	 * @var string
	 */
	private $kind = 'block';

	/**
	 * The last key that belongs to the range, where that is given.
	 *
	 * @var string[]|null
	 */
	private $bound = null;

	/**
	 * Key of the last whole row.
	 *
	 * @var string[]|null
	 */
	private $cursor = null;

	/**
	 * Rows of the range so far.
	 *
	 * @var int
	 */
	private $rows = 0;

	/**
	 * Bytes of them.
	 *
	 * @var int
	 */
	private $bytes = 0;

	/**
	 * Text not hashed yet.
	 *
	 * @var string
	 */
	private $held = '';

	/**
	 * What was hashed of the range; null as long as all is held.
	 *
	 * @var resource|\HashContext|null
	 */
	private $hash = null;

	/**
	 * Whether this request has sent a range of the table.
	 *
	 * @var bool
	 */
	private $has_sent = false;

	/**
	 * When the last frame was sent, seconds since the epoch.
	 *
	 * @var float
	 */
	private $spoken;

	/**
	 * Makes a sink.
	 *
	 * @param int $number The table's number in the request.
	 */
	public function __construct( $number ) {
		$this->number = $number;
		$this->spoken = microtime( true );
	}

	/**
	 * What comes is one range, up to a bound.
	 *
	 * @param string[] $bound Key.
	 */
	public function begin_range( array $bound ) {
		$this->kind   = 'range';
		$this->bound  = $bound;
		$this->cursor = null;
	}

	/**
	 * What comes is one range: the whole table.
	 */
	public function begin_whole() {
		$this->kind = 'whole';
	}

	/**
	 * Each block that comes is a range.
	 */
	public function begin_blocks() {
		$this->kind = 'block';
	}

	/**
	 * A range ends with a whole row; see Row_Sink.
	 */
	public function may_end_in_row() {
		return false;
	}

	/**
	 * Takes a block; see Row_Sink.
	 *
	 * @param string     $text    Rows.
	 * @param int        $rows    How many end in it.
	 * @param array|null $cursor  Key of the last whole row.
	 * @param bool       $last    Whether the range or the table ends with it.
	 * @param bool       $partial Whether the last row goes on in the next block.
	 */
	public function block( $text, $rows, $cursor, $last, $partial = false ) {
		$this->rows  += $rows;
		$this->bytes += strlen( $text );
		$this->held  .= $text;
		if ( strlen( $this->held ) > self::HELD_BYTES ) {
			$this->hash_held();
		}
		if ( $partial || ( 'block' !== $this->kind && ! $last ) ) {
			// What is hashed at a cut ends with a whole row.
			$this->cursor = $partial ? $this->cursor : $cursor;
			$this->say_something();
			return;
		}
		$this->send( 'range' === $this->kind ? $this->bound : $cursor, 'range' !== $this->kind && $last ? array( 'last' => true ) : array() );
	}

	/**
	 * Time is up inside a range. One that is so large that it was not reached even from its start ends where it is, with "cut".
	 */
	public function cut() {
		if ( ! $this->has_sent && null !== $this->cursor ) {
			$this->send( $this->cursor, array( 'cut' => true ) );
		}
	}

	/**
	 * Sends the range that ends here, and begins the next.
	 *
	 * @param array|null $key  Its last key.
	 * @param array      $more Further fields.
	 */
	private function send( $key, array $more ) {
		$this->send_head(
			array(
				'c' => null === $key ? null : array_map( 'base64_encode', $key ),
				'd' => bin2hex( $this->finish_digest() ),
				'f' => ROW_FORMAT,
			) + $more
		);
		$this->has_sent = true;
		$this->rows     = 0;
		$this->bytes    = 0;
		$this->cursor   = null;
	}

	/**
	 * Sends a frame from time to time while a range goes on and on.
	 */
	private function say_something() {
		if ( microtime( true ) - $this->spoken > self::SILENCE ) {
			$this->send_head( array( 'part' => true ) );
		}
	}

	/**
	 * Sends a frame.
	 *
	 * @param array $fields Of the head.
	 */
	private function send_head( array $fields ) {
		$head = array(
			't' => $this->number,
			'n' => $this->rows,
			'b' => $this->bytes,
		);
		send_frame( 'D', $head + $fields );
		$this->spoken = microtime( true );
	}

	/**
	 * Hashes what is held.
	 */
	private function hash_held() {
		$this->hash = null === $this->hash ? hash_init( 'sha256' ) : $this->hash;
		hash_update( $this->hash, $this->held );
		$this->held = '';
	}

	/**
	 * The digest of the range, raw.
	 */
	private function finish_digest() {
		if ( null === $this->hash ) {
			$digest = digest( $this->held );
		} else {
			$this->hash_held();
			$digest = hash_final( $this->hash, true );
		}
		$this->hash = null;
		$this->held = '';
		return $digest;
	}
}
