<?php
/**
 * The statements of a batch that write its rows, and that count what was written.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-batch-rows.php';

/**
 * Made of the checked shape, for one of the two directions.
 */
final class Batch_Sql extends Batch_Rows {
	/**
	 * Writes an update's cells over those that are still as they are thought to be.
	 */
	public function update() {
		list( $old, $new ) = $this->sides;

		$set = array();
		foreach ( $this->columns as $column ) {
			$set[] = 'l.' . quote_name( $column ) . " = $new." . quote_name( $column );
		}
		foreach ( $this->table['columns'] as $column ) {
			if ( $column['stamped'] && ! in_array( $column['name'], $this->columns, true ) ) {
				$set[] = 'l.' . quote_name( $column['name'] ) . ' = l.' . quote_name( $column['name'] );
			}
		}
		$key = $this->table['key'];
		return "UPDATE {$this->from} STRAIGHT_JOIN {$this->live} l ON " . $this->on( 'b', $key ) . ' SET ' . implode( ', ', $set )
			. " WHERE {$this->where} AND " . $this->all_same( 'b', $key ) . ' AND ' . $this->all_same( $old, $this->columns );
	}

	/**
	 * Deletes rows that are still what they are thought to be.
	 */
	public function destroy() {
		$key = $this->table['key'];
		return "DELETE l FROM {$this->from} STRAIGHT_JOIN {$this->live} l ON " . $this->on( $this->cells, $key ) . " WHERE {$this->where} AND " . $this->all_same( $this->cells, array_unique( array_merge( $key, $this->compared ) ) );
	}

	/**
	 * Counts the rows that destroy() deletes, and keeps them as they are until the end.
	 */
	public function lock_rows() {
		$key = $this->table['key'];
		return "SELECT COUNT(*) AS n FROM {$this->from} STRAIGHT_JOIN {$this->live} l ON " . $this->on( $this->cells, $key ) . " WHERE {$this->where} AND " . $this->all_same( $this->cells, $key ) . ' FOR UPDATE';
	}

	/**
	 * Inserts rows.
	 */
	public function create() {
		$names = implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', $this->columns ) );
		return "INSERT INTO {$this->live} ($names) SELECT " . $this->selected() . " FROM {$this->from} WHERE {$this->where} ORDER BY b.wpclone_seq";
	}

	/**
	 * The cells of rows of our own, for an INSERT.
	 */
	private function selected() {
		$cells = $this->cells;
		return implode(
			', ',
			array_map(
				function ( $column ) use ( $cells ) {
					return $cells . '.' . quote_name( $column );
				},
				$this->columns
			)
		);
	}

	/**
	 * Notes which relations there is something to do about.
	 */
	public function mark() {
		$key = $this->table['key'];
		return "UPDATE {$this->from} LEFT JOIN {$this->live} l ON " . $this->on( $this->cells, $key ) . ' SET b.wpclone_did = (l.' . quote_name( $key[0] ) . ' IS ' . ( 'add' === $this->role ? '' : 'NOT ' ) . "NULL) WHERE {$this->where}";
	}

	/**
	 * Adds relations that are not there, of those that were noted.
	 */
	public function add() {
		$key   = $this->table['key'];
		$names = implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', $this->columns ) );
		return "INSERT INTO {$this->live} ($names) SELECT " . $this->selected() . " FROM {$this->from} LEFT JOIN {$this->live} l ON " . $this->on( $this->cells, $key )
			. " WHERE {$this->where} AND b.wpclone_did = 1 AND l." . quote_name( $key[0] ) . ' IS NULL';
	}

	/**
	 * Removes relations, of those that were noted.
	 */
	public function remove() {
		return "DELETE l FROM {$this->from} STRAIGHT_JOIN {$this->live} l ON " . $this->on( $this->cells, $this->table['key'] ) . " WHERE {$this->where} AND b.wpclone_did = 1";
	}

	/**
	 * Counts rows that are relied on and still are what they are thought to be, and keeps them so until the end.
	 */
	public function count_expected() {
		$key = $this->table['key'];
		return "SELECT COUNT(*) AS n FROM {$this->from} STRAIGHT_JOIN {$this->live} l ON " . $this->on( 'b', $key ) . " WHERE {$this->where} AND " . $this->all_same( 'b', array_merge( $key, $this->columns ) ) . ' LOCK IN SHARE MODE';
	}

	/**
	 * Counts owners that have as many values as they should: once they were written, or before.
	 *
	 * @param bool $written Whether they were.
	 */
	public function count_owned( $written ) {
		return "SELECT COUNT(*) AS n FROM {$this->from} WHERE {$this->where} AND " . $this->owned() . ' = ' . $this->number( $written );
	}
}
