<?php
/**
 * Rewrites values in memory.
 * php rewrite.php FILE CONFIG: FILE holds values, each after its length (32 bits, little-endian); CONFIG is JSON {"from": [...], "to": [...]}.
 * Prints the seconds it took, without reading the file, and a hash of the results.
 */
declare(strict_types=1);

require __DIR__ . '/functions.php';

$values = [];
$data = file_get_contents($argv[1]);
for ($at = 0, $end = strlen($data); $at < $end; $at += 4 + $length) {
  $length = unpack('V', $data, $at)[1];
  $values[] = substr($data, $at + 4, $length);
}
unset($data);
$config = json_decode($argv[2], true);
$results = [];
$start = hrtime(true);
foreach ($values as $value) $results[] = rewrite($value, $config['from'], $config['to']);
$seconds = (hrtime(true) - $start) / 1e9;
$hash = hash_init('sha256');
foreach ($results as $result) hash_update($hash, $result);
echo json_encode(['seconds' => $seconds, 'sha256' => hash_final($hash)]), "\n";
