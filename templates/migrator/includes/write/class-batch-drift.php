<?php
/**
 * The statements of a batch that find rows which are not what they are thought to be.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-batch-rows.php';

/**
 * The quoted name of the column of a key's part.
 *
 * @param string|array $part As from unique_keys().
 */
function part_name( $part ) {
	return is_array( $part ) ? $part[0] : $part;
}

/**
 * Made of the checked shape, for one of the two directions.
 */
final class Batch_Drift extends Batch_Rows {
	/**
	 * Items whose rows are not what they are thought to be: n, and why.
	 *
	 * @param int $limit The most.
	 * @return string[] Statements.
	 */
	public function mismatches( $limit ) {
		$key   = $this->table['key'];
		$first = array() === $key ? '' : 'l.' . quote_name( $key[0] );
		$live  = " LEFT JOIN {$this->live} l ON ";
		$start = 'SELECT DISTINCT b.wpclone_item AS n, ';
		$end   = " LIMIT $limit";
		switch ( $this->role ) {
			case 'update':
			case 'expect':
				$same = $this->all_same( 'b', $key ) . ' AND ' . $this->all_same( 'expect' === $this->role ? 'b' : $this->sides[0], $this->columns );
				return array( $start . "IF($first IS NULL, 'gone', 'changed') AS why FROM {$this->from}$live" . $this->on( 'b', $key ) . " WHERE {$this->where} AND ($first IS NULL OR NOT ($same))$end" );
			case 'destroy':
				$same = $this->all_same( $this->cells, array_unique( array_merge( $key, $this->compared ) ) );
				return array( $start . "IF($first IS NULL, 'gone', 'changed') AS why FROM {$this->from}$live" . $this->on( $this->cells, $key ) . " WHERE {$this->where} AND ($first IS NULL OR NOT ($same))$end" );
			case 'create':
				return $this->taken( $start, $end );
			case 'owned':
				return array( $start . "'more' AS why FROM {$this->from} WHERE {$this->where} AND " . $this->owned() . ' <> ' . $this->number( false ) . $end );
			case 'count':
				// Without all of its columns nobody can tell how often a row is there.
				return array() !== $this->lacks ? array() : array( $start . "'more' AS why FROM {$this->from} WHERE {$this->where} AND (SELECT COUNT(*) FROM {$this->live} l WHERE " . $this->all_same( 'b', $this->columns ) . ') <> ' . $this->number( false ) . $end );
			default:
				return array();
		}
	}

	/**
	 * Statements that find rows to be created whose key, or another one that is unique, is taken.
	 *
	 * @param string $start SELECT.
	 * @param string $end   LIMIT.
	 */
	private function taken( $start, $end ) {
		$statements = array();
		foreach ( $this->table['unique'] as $parts ) {
			$on = array();
			if ( array() !== array_intersect( array_map( __NAMESPACE__ . '\\quote_name', $this->lacks ), array_map( __NAMESPACE__ . '\\part_name', $parts ) ) ) {
				continue;
			}
			foreach ( $parts as $part ) {
				$name = part_name( $part );
				$ours = $this->ours( $this->cells, $name );
				$on[] = is_array( $part ) ? "LEFT(l.$name, {$part[1]}) = LEFT($ours, {$part[1]})" : "l.$name = $ours";
			}
			$statements[] = $start . "'taken' AS why FROM {$this->from} JOIN {$this->live} l ON " . implode( ' AND ', $on ) . " WHERE {$this->where}$end";
		}
		return $statements;
	}
}
