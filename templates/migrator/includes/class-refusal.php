<?php
/**
 * A coded reason for not answering, or not going on.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * The code is part of the protocol; the message is for people and holds no data of the site.
 */
final class Refusal extends \Exception {
	/**
	 * HTTP status, as long as nothing has been sent.
	 *
	 * @var int
	 */
	public $status;

	/**
	 * Part of the protocol.
	 *
	 * @var string
	 */
	public $reason;

	/**
	 * More fields of the answer.
	 *
	 * @var array
	 */
	public $fields;

	/**
	 * Makes a refusal.
	 *
	 * @param string $reason  Code.
	 * @param int    $status  HTTP status.
	 * @param string $message For people.
	 * @param array  $fields  More fields of the answer.
	 */
	public function __construct( $reason, $status, $message, array $fields = array() ) {
		parent::__construct( $message );
		$this->reason = $reason;
		$this->status = $status;
		$this->fields = $fields;
	}
}
