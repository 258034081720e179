<?php
/** The plain way of rewriting a value: unserialize, replace in every string, serialize; other values as text. */
declare(strict_types=1);

/** WordPress's own test for serialized data, shortened to what matters here. */
function is_serialized_value(string $value): bool {
  return strlen($value) > 3 && $value[1] === ':' && preg_match('/^[aOs]:[0-9]+:/', $value) && in_array(substr($value, -1), [';', '}'], true);
}

function rewrite($value, array $from, array $to) {
  if (is_string($value)) {
    if (is_serialized_value($value)) {
      $inner = @unserialize($value, ['allowed_classes' => false]);
      if ($inner !== false) return serialize(rewrite($inner, $from, $to));
    }
    return str_ireplace($from, $to, $value);
  }
  if (is_array($value)) {
    $result = [];
    foreach ($value as $key => $item) $result[$key] = rewrite($item, $from, $to);
    return $result;
  }
  return $value;
}
