<?php
/**
 * Rewrites the posts and their meta in a database, row by row, as search-and-replace scripts do: read, rewrite, UPDATE what changed, a commit every 1,000 rows.
 * php rewrite-database.php SOCKET DATABASE CONFIG: CONFIG is JSON {"from": [...], "to": [...]}. Prints the seconds it took.
 */
declare(strict_types=1);
require __DIR__ . '/functions.php';

[, $socket, $name, $config] = $argv;
$config = json_decode($config, true);
$reader = new mysqli('localhost', 'root', '', $name, 0, $socket);
$writer = new mysqli('localhost', 'root', '', $name, 0, $socket);
$start = hrtime(true);
$updated = 0;
foreach (['wp_posts' => ['ID', 'post_content', 'post_excerpt'], 'wp_postmeta' => ['meta_id', 'meta_value']] as $table => $columns) {
  $key = array_shift($columns);
  $writer->begin_transaction();
  $update = $writer->prepare("UPDATE $table SET " . implode(' = ?, ', $columns) . " = ? WHERE $key = ?");
  foreach ($reader->query("SELECT $key, " . implode(', ', $columns) . " FROM $table") as $row) {
    $id = array_shift($row);
    $old = array_values($row);
    $new = array_map(static fn ($value) => rewrite((string) $value, $config['from'], $config['to']), $old);
    if ($new === $old) continue;
    $update->execute([...$new, $id]);
    if (++$updated % 1000 === 0) { $writer->commit(); $writer->begin_transaction(); }
  }
  $writer->commit();
}
echo json_encode(['seconds' => (hrtime(true) - $start) / 1e9, 'updated' => $updated]), "\n";
