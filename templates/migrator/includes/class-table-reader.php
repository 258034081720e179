<?php
/**
 * How one table is read. Nothing of a request gets into its SELECTs but names that the table has and checked literals.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Made for each table of a request. What is read goes to a sink.
 */
final class Table_Reader {
	/**
	 * The connection, with the snapshot that all tables are read from.
	 *
	 * @var \mysqli
	 */
	public $db;

	/**
	 * Where blocks of rows go.
	 *
	 * @var Row_Sink
	 */
	public $sink;

	/**
	 * Others than InnoDB let nobody write to a table until the last row of a SELECT has been fetched.
	 *
	 * @var bool
	 */
	public $locks;

	/**
	 * The server's estimate of the table's size.
	 *
	 * @var int
	 */
	public $bytes;

	/**
	 * The columns that were asked for, as from table_columns().
	 *
	 * @var array[]
	 */
	public $columns = array();

	/**
	 * Whether one of them may hold NULL.
	 *
	 * @var bool
	 */
	public $nullable;

	/**
	 * What is selected: an expression for each column, then parts of the key that are not among them in a usable form.
	 *
	 * @var string[]
	 */
	public $fields;

	/**
	 * Condition for a row too large to be fetched at once; null when there can be none.
	 *
	 * @var string|null
	 */
	public $giant;

	/**
	 * Numbers of the columns that make a row giant.
	 *
	 * @var int[]
	 */
	public $giants = array();

	/**
	 * Columns of the key that orders the reading; null without one.
	 *
	 * @var array[]|null
	 */
	public $key = null;

	/**
	 * The key after which reading begins; null for the start.
	 *
	 * @var string[]|null
	 */
	public $after = null;

	/**
	 * The last key that is read; null for the end of the table.
	 *
	 * @var string[]|null
	 */
	public $upto = null;

	/**
	 * Where ranges end that are read in one go; null when there is but one.
	 *
	 * @var Row_Bounds|null
	 */
	public $bounds = null;

	/**
	 * Rows that the next SELECT asks for.
	 *
	 * @var int
	 */
	public $limit;

	/**
	 * Where the key's values stand among the fields.
	 *
	 * @var int[]
	 */
	private $places = array();

	/**
	 * Quoted name, with what makes the server go by the key.
	 *
	 * @var string
	 */
	private $from;

	/**
	 * Quoted name.
	 *
	 * @var string
	 */
	public $table;

	/**
	 * Condition that keeps the plugin's own rows out; may be empty.
	 *
	 * @var string
	 */
	private $guard;

	/**
	 * Prepares the reading of a table.
	 *
	 * @param \mysqli  $db    Connection.
	 * @param array    $asked Name, columns, key, after: as requested.
	 * @param array    $row   Of information_schema, as from own_tables().
	 * @param Row_Sink $sink  Where blocks of rows go.
	 * @throws Refusal When the request does not fit the table.
	 */
	public function __construct( $db, array $asked, array $row, Row_Sink $sink ) {
		$name = $row['name'];
		$all  = table_columns( $db, $name );
		$all  = isset( $all[ $name ] ) ? array_column( $all[ $name ], null, 'name' ) : array();

		$this->db    = $db;
		$this->sink  = $sink;
		$this->table = quote_name( $name );
		$this->from  = $this->table;
		$this->locks = 'InnoDB' !== $row['engine'];
		$this->bytes = (int) $row['bytes'];
		$this->limit = $this->locks || limit_answer() > 0 ? 1 : SELECT_FIRST;
		$this->guard = own_rows_guard( $name );
		foreach ( isset( $asked['columns'] ) && is_array( $asked['columns'] ) ? $asked['columns'] : array() as $column ) {
			if ( ! is_string( $column ) || ! isset( $all[ $column ] ) ) {
				throw new Refusal( 'table_changed', 409, 'The table has no such column any more.' );
			}
			$this->columns[] = $all[ $column ];
		}
		if ( array() === $this->columns ) {
			throw new Refusal( 'bad_request', 400, 'No columns were asked for.' );
		}
		$this->nullable = in_array( true, array_column( $this->columns, 'nullable' ), true );
		$this->add_fields();
		if ( isset( $asked['key'] ) ) {
			$this->add_key( $name, $all, $asked );
		}
	}

	/**
	 * Adds the field expressions, and the condition for a row too large to be fetched at once.
	 */
	private function add_fields() {
		$lengths = array();
		foreach ( $this->columns as $at => $column ) {
			if ( 1 === preg_match( '/^(mediumtext|longtext|mediumblob|longblob|json)/', $column['type'] ) ) {
				$length         = 'LENGTH(' . quote_name( $column['name'] ) . ')';
				$lengths[]      = $column['nullable'] ? "COALESCE($length,0)" : $length;
				$this->giants[] = $at;
			}
		}
		$this->giant = array() === $lengths ? null : '(' . implode( '+', $lengths ) . ') > ' . giant_bytes( $this->db );
		foreach ( $this->columns as $at => $column ) {
			$field          = field_expression( $column );
			$this->fields[] = in_array( $at, $this->giants, true ) ? "IF({$this->giant}, NULL, $field)" : $field;
		}
	}

	/**
	 * Adds the key: its columns, where their values stand in a row, and the cursor to begin after.
	 *
	 * @param string  $name  Table.
	 * @param array[] $all   All columns by name.
	 * @param array   $asked As requested.
	 * @throws Refusal When key or cursor do not fit.
	 */
	private function add_key( $name, array $all, array $asked ) {
		$key = reading_key( $this->db, $name, array_values( $all ) );
		if ( null === $key || $key['columns'] !== $asked['key'] ) {
			throw new Refusal( 'table_changed', 409, 'The table has another key now.' );
		}
		$names     = array_column( $this->columns, 'name' );
		$this->key = array();
		foreach ( $key['columns'] as $column ) {
			$this->key[] = $all[ $column ];
			$at          = array_search( $column, $names, true );
			if ( 'ordinal' === key_kind( $all[ $column ] ) || false === $at ) {
				$at             = count( $this->fields );
				$this->fields[] = quote_name( $column ) . ( 'ordinal' === key_kind( $all[ $column ] ) ? '+0' : '' );
			}
			$this->places[] = $at;
		}
		if ( 'PRIMARY' !== $key['index'] ) {
			$this->from .= ' FORCE INDEX (' . quote_name( $key['index'] ) . ')';
		}
		if ( isset( $asked['after'] ) ) {
			$this->after = decode_cursor( $asked['after'], count( $this->key ) );
		}
		if ( isset( $asked['upto'] ) ) {
			$this->upto = decode_cursor( $asked['upto'], count( $this->key ) );
		}
	}

	/**
	 * SELECT ... FROM. A last field tells giant rows.
	 */
	public function select_fields() {
		return 'SELECT ' . implode( ', ', $this->fields ) . ( null === $this->giant ? '' : ', ' . $this->giant ) . ' FROM ' . $this->from;
	}

	/**
	 * The SELECT for rows that are sent.
	 *
	 * @param string[] $conditions Further ones; empty ones are left out.
	 */
	private function select_where( array $conditions ) {
		$where = array_filter( array_merge( array( $this->guard ), $conditions ) );
		return $this->select_fields() . ( $where ? ' WHERE ' . implode( ' AND ', $where ) : '' );
	}

	/**
	 * The SELECT for the next rows after a cursor.
	 *
	 * @param string[]|null $cursor Key values.
	 */
	public function select_after( $cursor ) {
		$order = implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', array_column( $this->key, 'name' ) ) );
		$after = null === $cursor ? '' : '(' . where_after( $this->key, $cursor ) . ')';
		$upto  = null === $this->upto ? '' : 'NOT (' . where_after( $this->key, $this->upto ) . ')';
		return $this->select_where( array( $after, $upto ) ) . " ORDER BY $order LIMIT {$this->limit}";
	}

	/**
	 * The SELECT for all rows of a table without a key but the giant ones.
	 */
	public function select_ordinary() {
		return $this->select_where( array( null === $this->giant ? '' : 'NOT (' . $this->giant . ')' ) );
	}

	/**
	 * The key of a row where it is one whole number; what PHP cannot count is the largest that it can.
	 *
	 * @param array $row Fields.
	 */
	public function number_of( array $row ) {
		return (int) $row[ $this->places[0] ];
	}

	/**
	 * The key of a row; null for a table without one.
	 *
	 * @param array $row Fields.
	 */
	public function key_of( array $row ) {
		if ( null === $this->key ) {
			return null;
		}
		$key = array();
		foreach ( $this->places as $at ) {
			$key[] = (string) $row[ $at ];
		}
		return $key;
	}
}
