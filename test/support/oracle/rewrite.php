<?php
/**
 * Says what rewriting must give, by the plain way: build a value, serialize it, unserialize that, replace in every string, serialize.
 * One JSON description per line in; one line {"input","expected"} (base64) out. The replacements come as the first line: {"host", "to", "port"}.
 */
declare(strict_types=1);
error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('serialize_precision', '-1');

enum Suit: string { case Hearts = 'h'; case Spades = 's'; }

#[AllowDynamicProperties]
class Widget { public $url; protected $text; private $secret; 
  public function fill($a, $b, $c): void { $this->url = $a; $this->text = $b; $this->secret = $c; }
}

class Packed implements Serializable {
  public $data;
  public function serialize() { return serialize($this->data); }
  public function unserialize($data) { $this->data = unserialize($data); }
}

function build(array $spec) {
  switch ($spec['t']) {
    case 'string': return base64_decode($spec['v']);
    case 'int': return $spec['v'];
    case 'float': return ['nan' => NAN, 'inf' => INF, '-inf' => -INF, '-0' => -0.0][$spec['v']] ?? (float) $spec['v'];
    case 'bool': return $spec['v'];
    case 'null': return null;
    case 'enum': return $spec['v'] ? Suit::Hearts : Suit::Spades;
    case 'nested': return serialize(build($spec['v']));
    case 'mixed': return base64_decode($spec['prefix']) . "\n" . serialize(['tail' => build($spec['v'])]);
    case 'packed': $packed = new Packed(); $packed->data = build($spec['v']); return $packed;
    case 'widget': $widget = new Widget(); $widget->fill(...array_map('build', $spec['v'])); return $widget;
    case 'shared': $object = new stdClass(); $object->value = build($spec['v']); return ['one' => $object, 'again' => $object];
    case 'reference': $list = [build($spec['v'])]; $list[1] = &$list[0]; $list[2] = 'after'; return $list;
    case 'array':
      $array = [];
      foreach ($spec['v'] as [$key, $value]) $array[is_int($key) ? $key : base64_decode($key)] = build($value);
      return $array;
  }
  throw new LogicException($spec['t']);
}

function replace_text(string $text): string {
  global $config;
  $host = preg_quote($config['host'], '~');
  return preg_replace_callback(
    "~(?:(https?)(:|%3A|%253A))?(//|\\\\+/\\\\+/|%2F%2F|%252F%252F)$host(?![a-z0-9_\\-]|\\.[a-z0-9_\\-])~i",
    static function (array $m) use ($config): string {
      $colon = $m[2] !== '' ? $m[2] : ($m[3][0] === '%' ? substr($m[3], 0, strlen($m[3]) / 2 - 2) . '3A' : ':');
      return ($m[1] === '' ? '' : 'http' . $m[2]) . $m[3] . $config['to'] . $colon . $config['port'];
    },
    $text
  );
}

function rewrite_string(string $text): string {
  $length = strlen($text);
  for ($at = 0; $at < $length; $at++) {
    if ($at > 0 && $text[$at - 1] !== "\n") continue;
    $tail = substr($text, $at);
    $value = @unserialize($tail);
    // unserialize ignores what follows a value; text that merely begins like one is text
    if (@serialize($value) !== $tail) continue;
    rewrite_value($value);
    return replace_text(substr($text, 0, $at)) . serialize($value);
  }
  return replace_text($text);
}

function rewrite_value(&$value): void {
  if (is_string($value)) $value = rewrite_string($value);
  elseif (is_array($value)) rewrite_array($value);
  elseif (is_object($value) && !$value instanceof UnitEnum) {
    if ($value instanceof Packed) { rewrite_value($value->data); return; }
    $walk = static function (object $of): void { foreach (array_keys(get_object_vars($of)) as $name) rewrite_value($of->$name); };
    Closure::bind($walk, null, $value instanceof Widget ? Widget::class : null)($value);
  }
}

function rewrite_array(array &$array): void {
  $result = [];
  foreach ($array as $key => &$value) {
    rewrite_value($value);
    $result[is_string($key) ? rewrite_string($key) : $key] = &$value;
  }
  $array = $result;
}

$config = json_decode(fgets(STDIN), true);
while (($line = fgets(STDIN)) !== false) {
  $input = serialize(build(json_decode($line, true)));
  $value = unserialize($input);
  rewrite_value($value);
  echo json_encode(['input' => base64_encode($input), 'expected' => base64_encode(serialize($value))]), "\n";
}
