<?php
/**
 * Walks one root: parents before children, names in byte order, so that a walk can go on where another one ended.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * An entry on the wire is a list: path, kind (f, d, l, x), size, mtime, ctime, permissions, then the target of a link or the reason of a refusal.
 */
final class Walk {
	const BATCH = 1000;

	/**
	 * Root: id, path, place.
	 *
	 * @var array
	 */
	private $root;

	/**
	 * Pattern of excluded places, or null.
	 *
	 * @var string|null
	 */
	private $exclude;

	/**
	 * When to stop.
	 *
	 * @var Budget
	 */
	private $budget;

	/**
	 * Whether to deflate.
	 *
	 * @var bool
	 */
	private $gzip;

	/**
	 * Entries not sent yet.
	 *
	 * @var array[]
	 */
	private $entries = array();

	/**
	 * What is never sent, and so not listed: people are told that it is missing.
	 *
	 * @var array
	 */
	private $withheld = array();

	/**
	 * Numbers of the globs that left something out, as keys, and whether the client was told.
	 *
	 * @var bool[]
	 */
	private $fits = array();

	/**
	 * Path of the last entry.
	 *
	 * @var string
	 */
	private $last = '';

	/**
	 * Makes a walk.
	 *
	 * @param array       $root    Root.
	 * @param string|null $exclude Pattern.
	 * @param Budget      $budget  When to stop.
	 * @param bool        $gzip    Whether to deflate.
	 */
	public function __construct( array $root, $exclude, Budget $budget, $gzip ) {
		$this->root    = $root;
		$this->exclude = $exclude;
		$this->budget  = $budget;
		$this->gzip    = $gzip;
	}

	/**
	 * Walks.
	 *
	 * @param string|null $after Path of the last entry an earlier walk sent.
	 * @return bool False when time was up first.
	 */
	public function run( $after ) {
		// phpcs:ignore WordPress.PHP.NoSilencedErrors
		$stat = @lstat( $this->root['path'] );
		if ( false === $stat ) {
			return true;
		}
		$done = $this->folder( '', $stat, null === $after || '' === $after ? array() : explode( '/', $after ), null !== $after );
		$this->send();
		return $done;
	}

	/**
	 * Adds a folder and what is below it.
	 *
	 * @param string   $path    Relative to the root.
	 * @param array    $stat    Of the folder.
	 * @param string[] $resume  Names of the path below this folder that was sent last.
	 * @param bool     $is_sent Whether the folder itself was sent.
	 * @return bool False when time was up.
	 */
	private function folder( $path, array $stat, array $resume, $is_sent ) {
		$full = '' === $path ? $this->root['path'] : $this->root['path'] . '/' . $path;
		// phpcs:ignore WordPress.PHP.NoSilencedErrors
		$names   = @scandir( $full, SCANDIR_SORT_NONE );
		$refusal = false === $names ? 'unreadable' : ( is_other_site( $full ) ? 'other-site' : null );
		if ( ! $is_sent ) {
			$this->add( $path, null === $refusal ? 'd' : 'x', $stat, $refusal );
		}
		if ( null !== $refusal ) {
			return true;
		}
		sort( $names, SORT_STRING );
		$first = array_shift( $resume );
		foreach ( $names as $name ) {
			if ( '.' === $name || '..' === $name || ( null !== $first && strcmp( $name, $first ) < 0 ) ) {
				continue;
			}
			$below = '' === $path ? $name : $path . '/' . $name;
			if ( $name === $first ) {
				$going = $this->entry( $full, $name, $below, $resume, true );
			} else {
				$going = $this->entry( $full, $name, $below, array(), false );
			}
			if ( ! $going ) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Adds what has a name in a folder.
	 *
	 * @param string   $folder  Absolute.
	 * @param string   $name    In it.
	 * @param string   $path    Relative to the root.
	 * @param string[] $resume  As in folder().
	 * @param bool     $is_sent As in folder().
	 * @return bool False when time was up.
	 */
	private function entry( $folder, $name, $path, array $resume, $is_sent ) {
		if ( null !== $this->exclude && 1 === preg_match( $this->exclude, ltrim( $this->root['place'] . '/' . $path, '/' ), $match ) ) {
			$this->fits += array( $match['MARK'] => false );
			return true;
		}
		$full = $folder . '/' . $name;
		// phpcs:ignore WordPress.PHP.NoSilencedErrors
		$stat = @lstat( $full );
		$kind = false === $stat ? 0 : $stat['mode'] & 0170000;
		if ( is_never_sent( $folder, $name ) ) {
			if ( ! $is_sent && ! is_own_to_each_site( $name ) ) {
				$this->withheld[] = name_for_wire( $path );
			}
			return true;
		}
		if ( 0040000 === $kind ) {
			return $this->folder( $path, $stat, $resume, $is_sent );
		}
		if ( $is_sent ) {
			return true;
		}
		if ( 0100000 === $kind ) {
			// Readable by all, as nearly every file is: no need to ask.
			$readable = 0444 === ( $stat['mode'] & 0444 ) || is_readable( $full );
			$this->add( $path, $readable ? 'f' : 'x', $stat, $readable ? null : 'unreadable' );
		} elseif ( 0120000 === $kind ) {
			$link = classify_link( $this->root, $path, $full );
			if ( null !== $link ) {
				// What stands for a file is as large and as old as that.
				$this->add( $path, $link[0], 'f' === $link[0] ? stat( $full ) : $stat, $link[1] );
			}
		} else {
			$this->add( $path, 'x', $stat, 0 === $kind ? 'unreadable' : 'special' );
		}
		return ! ( 0 === count( $this->entries ) && $this->budget->is_spent() );
	}

	/**
	 * Adds an entry, and sends when there are enough.
	 *
	 * @param string      $path  Relative to the root.
	 * @param string      $kind  f, d, l or x.
	 * @param array|false $stat  From lstat().
	 * @param string|null $extra Target or reason.
	 */
	private function add( $path, $kind, $stat, $extra ) {
		$name  = name_for_wire( $path );
		$entry = false === $stat ? array( $name, $kind, 0, 0, 0, 0 ) : array( $name, $kind, $stat['size'], $stat['mtime'], $stat['ctime'], $stat['mode'] & 07777 );
		if ( null !== $extra ) {
			$entry[] = name_for_wire( $extra );
		}
		$this->entries[] = $entry;
		$this->last      = $path;
		if ( count( $this->entries ) >= self::BATCH ) {
			$this->send();
		}
	}

	/**
	 * Sends what has been collected.
	 */
	private function send() {
		$fits = array_keys( $this->fits, false, true );
		if ( array() === $this->entries && array() === $this->withheld && array() === $fits ) {
			return;
		}
		$head = array(
			'root' => $this->root['id'],
			'c'    => base64_encode( $this->last ),
			'fits' => $fits,
		);
		if ( array() !== $this->withheld ) {
			$head['withheld'] = $this->withheld;
		}
		send_frame( 'M', $head, wp_json_encode( $this->entries, JSON_FLAGS ), $this->gzip );
		$this->entries  = array();
		$this->withheld = array();
		$this->fits     = array_fill_keys( array_keys( $this->fits ), true );
	}
}
