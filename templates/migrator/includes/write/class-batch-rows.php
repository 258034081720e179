<?php
/**
 * The rows of one batch: rows of one table that are written in one way. Statements about them join the restore's own tables (b: each
 * change and the cells as they were; n: the cells as they shall be; u: its items, of which the chosen ones count) with the live one (l).
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
 * What a batch is in one of the two directions, and the pieces that its statements are made of. Undoing destroys what was created, and so on.
 */
abstract class Batch_Rows {
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
	 * Columns that the live table is to get, and has not.
	 *
	 * @var string[]
	 */
	protected $lacks;

	/**
	 * Those of them that are compared before the row is deleted.
	 *
	 * @var string[]
	 */
	protected $compared;

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
	protected $sides;

	/**
	 * FROM, without the live table.
	 *
	 * @var string
	 */
	protected $from;

	/**
	 * Whether a row's side with the number of rows that is found is "from" or "to".
	 *
	 * @var bool
	 */
	protected $undo;

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
		// Before the table is made, its model stands for it.
		$this->live    = quote_name( empty( $this->table['absent'] ) ? $this->table['name'] : $this->table['made'] );
		$this->lacks   = isset( $this->table['lacks'] ) ? $this->table['lacks'] : array();
		$this->role    = $undo && isset( self::UNDONE[ $batch['what'] ] ) ? self::UNDONE[ $batch['what'] ] : $batch['what'];
		$this->undo    = $undo;
		$this->cells   = 'create' === $batch['what'] || 'add' === $batch['what'] ? 'n' : 'b';
		$this->sides   = $undo ? array( 'n', 'b' ) : array( 'b', 'n' );
		$this->n       = quote_name( $prefix . 'n' . $batch['table'] );
		$this->b       = quote_name( $prefix . 'b' . $batch['table'] );
		$this->where   = 'b.wpclone_batch = ' . (int) $number;
		$this->columns = array_values( array_diff( $batch['columns'], $this->lacks ) );

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
	protected function on( $ours, array $columns ) {
		$each = array();
		foreach ( $columns as $column ) {
			$each[] = 'l.' . quote_name( $column ) . ' = ' . $this->ours( $ours, quote_name( $column ) );
		}
		return implode( ' AND ', $each );
	}

	/**
	 * A cell of ours, to be compared with the live one in the way of their column. One that gets room may be collated otherwise by then, and
	 * no server compares two ways of that without being told which one counts.
	 *
	 * @param string $ours b or n.
	 * @param string $name Quoted name of the column.
	 */
	protected function ours( $ours, $name ) {
		foreach ( empty( $this->table['wider'] ) ? array() : array_keys( $this->table['wider'] ) as $wider ) {
			$column = $this->table['columns'][ $wider ];
			if ( quote_name( $column['name'] ) === $name && null !== $column['collation'] ) {
				return "$ours.$name COLLATE " . $column['collation'];
			}
		}
		return "$ours.$name";
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
	 * How many values of a name an owner has.
	 *
	 * @return string Expression.
	 */
	protected function owned() {
		$each = array();
		foreach ( $this->columns as $column ) {
			$each[] = 'l.' . quote_name( $column ) . ' <=> ' . $this->ours( 'b', quote_name( $column ) );
		}
		return "(SELECT COUNT(*) FROM {$this->live} l WHERE " . implode( ' AND ', $each ) . ' AND ' . $this->all_same( 'b', $this->columns ) . ')';
	}

	/**
	 * The column with the number of rows that there should be: once they were written, or before.
	 *
	 * @param bool $written Whether they were.
	 */
	public function number( $written ) {
		return $written === $this->undo ? 'b.wpclone_from' : 'b.wpclone_to';
	}
}
