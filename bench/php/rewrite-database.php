<?php
/**
 * Rewrites the posts and their meta in a database as search-and-replace tools for WordPress do: column by column, the rows that
 * hold the address are looked for, and each is read, rewritten and updated by itself, with autocommit.
 * php rewrite-database.php SOCKET DATABASE CONFIG: CONFIG is JSON {"from": [...], "to": [...]}. Prints the seconds it took.
 */
declare(strict_types=1);
require __DIR__ . '/functions.php';

[, $socket, $name, $config] = $argv;
$config = json_decode($config, true);
$database = new mysqli('localhost', 'root', '', $name, 0, $socket);
$looked_for = implode(' OR ', array_fill(0, count($config['from']), '%1$s LIKE ?'));
$patterns = array_map(static fn ($from) => '%' . addcslashes($from, '\\%_') . '%', $config['from']);
$start = hrtime(true);
$updated = 0;
foreach ([['wp_posts', 'ID', 'post_content'], ['wp_posts', 'ID', 'post_excerpt'], ['wp_postmeta', 'meta_id', 'meta_value']] as [$table, $key, $column]) {
  $select = $database->prepare("SELECT $column FROM $table WHERE $key = ?");
  $update = $database->prepare("UPDATE $table SET $column = ? WHERE $key = ?");
  $keys = $database->execute_query("SELECT $key FROM $table WHERE " . sprintf($looked_for, $column), $patterns)->fetch_all();
  foreach ($keys as [$id]) {
    $select->execute([$id]);
    [$old] = $select->get_result()->fetch_row();
    $new = rewrite($old, $config['from'], $config['to']);
    if ($new === $old) continue;
    $update->execute([$new, $id]);
    $updated++;
  }
}
echo json_encode(['seconds' => (hrtime(true) - $start) / 1e9, 'updated' => $updated]), "\n";
