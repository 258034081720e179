<?php
/**
 * Many small ranges of a table, read in one go: a SELECT for each of them would take longer than their rows.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Knows where the ranges of a table end while its rows go by in the order of their key, which is one whole number.
 */
final class Row_Bounds {
	/**
	 * Table.
	 *
	 * @var Table_Reader
	 */
	private $reader;

	/**
	 * Where its ranges go.
	 *
	 * @var Row_Digest
	 */
	private $sink;

	/**
	 * The last key of each range: decoded cursors.
	 *
	 * @var array[]
	 */
	private $bounds;

	/**
	 * The range that is being read.
	 *
	 * @var int
	 */
	private $at = 0;

	/**
	 * The last number of it.
	 *
	 * @var int
	 */
	private $last = 0;

	/**
	 * Begins the first range. To be asked first whether they fit.
	 *
	 * @param Table_Reader $reader Table.
	 * @param Row_Digest   $sink   Its sink.
	 * @param array[]      $bounds Last keys, in ascending order.
	 */
	public function __construct( Table_Reader $reader, Row_Digest $sink, array $bounds ) {
		$this->reader = $reader;
		$this->sink   = $sink;
		$this->bounds = $bounds;
		$this->begin();
	}

	/**
	 * Whether the ranges of a table can be told from each other by looking at numbers: PHP has to know them exactly, and they have to ascend.
	 *
	 * @param Table_Reader $reader Table.
	 * @param array[]      $bounds Last keys.
	 */
	public static function fit( Table_Reader $reader, array $bounds ) {
		if ( PHP_INT_SIZE < 8 || 1 !== count( $reader->key ) || 1 !== preg_match( '/^(tiny|small|medium|big)?int\b/', $reader->key[0]['type'] ) ) {
			return false;
		}
		$before = null;
		foreach ( $bounds as $bound ) {
			// What a row has beyond the largest number becomes that one, which is after any of these.
			if ( 1 !== preg_match( '/^-?\d{1,18}$/D', $bound[0] ) || ( null !== $before && (int) $bound[0] <= $before ) ) {
				return false;
			}
			$before = (int) $bound[0];
		}
		return true;
	}

	/**
	 * Whether a row comes after the range that is being read.
	 *
	 * @param array $row Fields.
	 */
	public function are_passed_by( array $row ) {
		return $this->reader->number_of( $row ) > $this->last;
	}

	/**
	 * Ends the range that is being read, and those without a row, up to the one that a row belongs to.
	 *
	 * @param string $text What is left of the range.
	 * @param int    $rows How many rows that are.
	 * @param array  $row  Fields.
	 */
	public function pass( $text, $rows, array $row ) {
		while ( $this->are_passed_by( $row ) ) {
			$this->end( $text, $rows );
			$text = '';
			$rows = 0;
		}
	}

	/**
	 * There is no row any more: what has been read ends with its range, the others are empty.
	 */
	public function finish() {
		while ( $this->at < count( $this->bounds ) ) {
			$this->end( '', 0 );
		}
	}

	/**
	 * The last range was ended by whoever read its last row.
	 */
	public function ended() {
		++$this->at;
		$this->begin();
	}

	/**
	 * Ends a range and begins the next.
	 *
	 * @param string $text What is left of it.
	 * @param int    $rows How many rows that are.
	 */
	private function end( $text, $rows ) {
		$this->sink->block( $text, $rows, $this->bounds[ $this->at ], true );
		$this->ended();
	}

	/**
	 * Begins a range. Nothing is read beyond the last one.
	 */
	private function begin() {
		if ( $this->at < count( $this->bounds ) ) {
			$this->sink->begin_range( $this->bounds[ $this->at ] );
			$this->last = (int) $this->bounds[ $this->at ][0];
		} else {
			$this->last = PHP_INT_MAX;
		}
	}
}
