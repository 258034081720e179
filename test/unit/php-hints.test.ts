import { expect, test } from 'vitest';
import { hintsOf } from '../../src/instance/verify/php-hints.ts';

const WWW = '/home/me/clones/a/www/wp-content';

test('a constant that is missing is named with what gives it, and so is what failed', () => {
  expect(
    hintsOf([
      `PHP Fatal error:  Uncaught Error: Undefined constant "ACME_STAGE" in ${WWW}/mu-plugins/acme.php:2`,
      `PHP Fatal error:  Uncaught Error: Undefined constant "ACME_STAGE" in ${WWW}/mu-plugins/acme.php:2`,
    ]),
  ).toBe(
    ' It is the code of the must-use plugin acme.php that failed. The clone lacks the constant ACME_STAGE: --define ACME_STAGE=VALUE gives it one.',
  );
});

test('PHP 7.4 says it in other words', () => {
  const line = `PHP Warning:  Use of undefined constant ACME_STAGE - assumed 'ACME_STAGE' in ${WWW}/themes/a/functions.php on line 2`;
  expect(hintsOf([line])).toBe(' The clone lacks the constant ACME_STAGE: --define ACME_STAGE=VALUE gives it one.');
});

test('a plugin that does not run on this PHP is named', () => {
  const line = `PHP Parse error:  syntax error, unexpected token "{" in ${WWW}/plugins/old74/old74.php on line 3`;
  expect(hintsOf([line])).toBe(' It is the code of the plugin old74 that failed.');
});

test('of other lines nothing is said', () => {
  expect(hintsOf(['PHP Warning:  fopen(): failed', `PHP Warning:  x in ${WWW}/plugins/a/a.php`])).toBe('');
});
