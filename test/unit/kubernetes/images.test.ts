import { describe, expect, test } from 'vitest';
import { chooseImage, defaultImage, nearestVersion } from '../../../src/runtime/kubernetes/provision/images.ts';
import { parseOptions } from '../../../src/runtime/kubernetes/options.ts';

const context = { signal: new AbortController().signal, sleep: async () => new Promise<void>(() => undefined) };
const choose = (settings: object, php?: string) =>
  chooseImage(parseOptions({ ...settings }), '1.0', php === undefined ? undefined : Promise.resolve(php), context);

test('the PHP nearest to the source’s: the least newer one, else the newest there is', () => {
  const choices = ['8.4', '7.4', '8.2'];
  const chosen = ['5.6', '7.4.33', '8.0', '8.1', '8.2.7', '8.3', '8.4', '9.0'].map((version) =>
    nearestVersion(version, choices),
  );
  expect(chosen).toEqual(['7.4', '7.4', '8.2', '8.2', '8.2', '8.4', '8.4', '8.4']);
});

describe('of the images that somebody named', () => {
  const images = { '7.4': 'own:7.4', '8.4': 'own:8.4' };

  test.each([
    ['7.2', 'own:7.4'],
    ['8.2.30', 'own:8.4'],
    ['8.4.1', 'own:8.4'],
    [undefined, 'own:8.4'],
  ])('one is taken for a source with PHP %s, never one that was not named', async (php, image) => {
    expect(await choose({ images }, php)).toMatchObject({ image });
  });

  test('the clean-up job takes one too', () => {
    expect(defaultImage(parseOptions({ images }), '1.0')).toBe('own:8.4');
    expect(defaultImage(parseOptions({ images, defaultPhp: '7.4' }), '1.0')).toBe('own:7.4');
  });
});

test('where nobody named any, the default is the one of this version', async () => {
  expect(await choose({}, '7.4')).toEqual({ image: 'docker.io/wpclone/instance:1.0-php8.2', php: '8.2' });
});

describe('a PHP that somebody insists on', () => {
  const insist = (settings: object) => chooseImage(parseOptions({ ...settings }), '1.0', undefined, context, '7.4');

  test('is the image named for it', async () => {
    expect(await insist({ images: { '7.4': 'own:7.4', '8.4': 'own:8.4' } })).toEqual({ image: 'own:7.4', php: '7.4' });
    expect((await insist({})).image).toMatch(/-php7\.4$/);
  });

  test.each([[{ images: { '8.4': 'own:8.4' } }], [{ image: 'own:latest' }]])('is refused with %j', async (settings) => {
    await expect(insist(settings)).rejects.toMatchObject({ code: 'PHP_VERSION_MISSING' });
  });
});
