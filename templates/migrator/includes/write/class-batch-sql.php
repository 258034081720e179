<?php
/**
 * The statements of one batch: rows of one table that are written in one way. They join the restore's own tables (b: each change and
 * the cells as they were; n: the cells as they shall be; u: its items, of which the chosen ones count) with the live one (l).
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Columns that WordPress counts itself.
 *
 * @param string $table Table.
 * @return string[]
 */
function derived_columns( $table ) {
	global $wpdb;
	$columns = array(
		$wpdb->posts         => array( 'comment_count' ),
		$wpdb->term_taxonomy => array( 'count' ),
	);
	return isset( $columns[ $table ] ) ? $columns[ $table ] : array();
}

/**
 * Made of the checked shape, for one of the two directions: applying, or undoing, where what was created is destroyed, and so on.
 */
final class Batch_Sql {
	const UNDONE = array(
		'create'  => 'destroy',
		'destroy' => 'create',
		'add'     => 'remove',
		'remove'  => 'add',
	);

	/**
	 * What it does in this direction: update, create, destroy, expect, owned, add, remove, count.
	 *
	 * @var string
	 */
	public $role;

	/**
	 * The table, as from checked_table().
	 *
	 * @var array
	 */
	public $table;

	/**
	 * Quoted name of the live table.
	 *
	 * @var string
	 */
	public $live;

	/**
	 * Its columns that are written or compared.
	 *
	 * @var string[]
	 */
	public $columns;

	/**
	 * Those of them that are compared before the row is deleted.
	 *
	 * @var string[]
	 */
	private $compared;

	/**
	 * Whether the live site gives each new row its number.
	 *
	 * @var bool
	 */
	public $numbered;

	/**
	 * Where the rows are that are created, destroyed, added or removed: "b" or "n".
	 *
	 * @var string
	 */
	public $cells;

	/**
	 * Quoted name of the table with the cells as they shall be.
	 *
	 * @var string
	 */
	public $n;

	/**
	 * Quoted name of the table with the changes.
	 *
	 * @var string
	 */
	public $b;

	/**
	 * Condition for the rows of the batch.
	 *
	 * @var string
	 */
	public $where;

	/**
	 * Where an update's cells are as they are found, and as they shall be.
	 *
	 * @var string[]
	 */
	private $sides;

	/**
	 * FROM, without the live table.
	 *
	 * @var string
	 */
	private $from;

	/**
	 * Whether a row's side with the number of rows that is found is "from" or "to".
	 *
	 * @var bool
	 */
	private $undo;

	/**
	 * Makes the statements of a batch.
	 *
	 * @param string $id     Restore.
	 * @param array  $shape  As from checked_shape().
	 * @param int    $number Of the batch.
	 * @param bool   $undo   The direction.
	 */
	public function __construct( $id, array $shape, $number, $undo ) {
		$batch         = $shape['batches'][ $number ];
		$prefix        = restore_prefix( $id );
		$this->table   = $shape['tables'][ $batch['table'] ];
		$this->live    = quote_name( $this->table['name'] );
		$this->role    = $undo && isset( self::UNDONE[ $batch['what'] ] ) ? self::UNDONE[ $batch['what'] ] : $batch['what'];
		$this->undo    = $undo;
		$this->cells   = 'create' === $batch['what'] || 'add' === $batch['what'] ? 'n' : 'b';
		$this->sides   = $undo ? array( 'n', 'b' ) : array( 'b', 'n' );
		$this->n       = quote_name( $prefix . 'n' . $batch['table'] );
		$this->b       = quote_name( $prefix . 'b' . $batch['table'] );
		$this->where   = 'b.wpclone_batch = ' . (int) $number;
		$this->columns = $batch['columns'];

		$counter        = $this->table['counter'];
		$given          = '' === $counter || in_array( $counter, $batch['columns'], true );
		$this->numbered = 'create' === $batch['what'] && ! $given;
		if ( $this->numbered ) {
			// Known, and noted, once the row is there.
			$this->columns[] = $counter;
		}
		// What WordPress counts itself has been counted anew since.
		$this->compared = $undo ? array_values( array_diff( $this->columns, derived_columns( $this->table['name'] ) ) ) : $this->columns;

		$cells      = in_array( $batch['what'], array( 'update', 'create', 'add' ), true ) ? " STRAIGHT_JOIN {$this->n} n ON n.wpclone_seq = b.wpclone_seq" : '';
		$this->from = "{$this->b} b STRAIGHT_JOIN " . quote_name( $prefix . 'u' ) . " u ON u.n = b.wpclone_item AND u.chosen = 1$cells";
	}

	/**
	 * Whether two cells are the same, byte by byte.
	 *
	 * @param string $column Name.
	 * @param string $one    Quoted table.
	 * @param string $two    Quoted table.
	 */
	private function same( $column, $one, $two ) {
		$name  = quote_name( $column );
		$bytes = 1 === preg_match( COMPARED_BY_BYTES, $this->table['columns'][ $column ]['type'] );
		return $bytes ? "CAST($one.$name AS BINARY) <=> CAST($two.$name AS BINARY)" : "$one.$name <=> $two.$name";
	}

	/**
	 * Whether all of some cells of the live row are the same as those of ours.
	 *
	 * @param string   $ours    b or n.
	 * @param string[] $columns Names.
	 * @param string   $live    The live row's table.
	 */
	public function all_same( $ours, array $columns, $live = 'l' ) {
		$each = array();
		foreach ( $columns as $column ) {
			$each[] = $this->same( $column, $live, $ours );
		}
		return array() === $each ? '1' : implode( ' AND ', $each );
	}

	/**
	 * The live row of a key, found by its index.
	 *
	 * @param string   $ours    b or n.
	 * @param string[] $columns Of the key.
	 */
	private function on( $ours, array $columns ) {
		$each = array();
		foreach ( $columns as $column ) {
			$each[] = 'l.' . quote_name( $column ) . " = $ours." . quote_name( $column );
		}
		return implode( ' AND ', $each );
	}

	/**
	 * How many rows it has. With relations: that there is something to do about.
	 *
	 * @param bool $done Only those that were done something about.
	 */
	public function count_rows( $done = false ) {
		return "SELECT COUNT(*) AS n FROM {$this->from} WHERE {$this->where}" . ( $done ? ' AND b.wpclone_did = 1' : '' );
	}

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
	 * How many values of a name an owner has.
	 *
	 * @return string Expression.
	 */
	private function owned() {
		$each = array();
		foreach ( $this->columns as $column ) {
			$each[] = 'l.' . quote_name( $column ) . ' <=> b.' . quote_name( $column );
		}
		return "(SELECT COUNT(*) FROM {$this->live} l WHERE " . implode( ' AND ', $each ) . ' AND ' . $this->all_same( 'b', $this->columns ) . ')';
	}

	/**
	 * Counts owners that have as many values as they should: once they were written, or before.
	 *
	 * @param bool $written Whether they were.
	 */
	public function count_owned( $written ) {
		return "SELECT COUNT(*) AS n FROM {$this->from} WHERE {$this->where} AND " . $this->owned() . ' = ' . $this->number( $written );
	}

	/**
	 * The column with the number of rows that there should be: once they were written, or before.
	 *
	 * @param bool $written Whether they were.
	 */
	public function number( $written ) {
		return $written === $this->undo ? 'b.wpclone_from' : 'b.wpclone_to';
	}

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
				return array( $start . "'more' AS why FROM {$this->from} WHERE {$this->where} AND (SELECT COUNT(*) FROM {$this->live} l WHERE " . $this->all_same( 'b', $this->columns ) . ') <> ' . $this->number( false ) . $end );
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
			foreach ( $parts as $part ) {
				$name = is_array( $part ) ? $part[0] : $part;
				$on[] = is_array( $part ) ? "LEFT(l.$name, {$part[1]}) = LEFT({$this->cells}.$name, {$part[1]})" : "l.$name = {$this->cells}.$name";
			}
			$statements[] = $start . "'taken' AS why FROM {$this->from} JOIN {$this->live} l ON " . implode( ' AND ', $on ) . " WHERE {$this->where}$end";
		}
		return $statements;
	}
}
