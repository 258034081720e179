import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inLiveForm } from '../../../src/restore/code/live-form.ts';
import { sha256 } from '../../support/restore-files.ts';
import { makeTemp } from '../../support/temp.ts';
import { failureOf } from '../../support/work.ts';

const toLive = (text: string): string => text.replaceAll('clone.example', 'live.example');
const file = (place: string, content: string) => ({
  place,
  change: 'new' as const,
  size: content.length,
  base: undefined,
  sha256: sha256(content),
});

it('a text of the clone gets the addresses of the live site', async () => {
  const www = makeTemp('live-form');
  writeFileSync(join(www, 'a.css'), 'url(//clone.example/a.png)');
  const live = await inLiveForm(file('a.css', 'url(//clone.example/a.png)'), www, toLive);
  expect(live.content?.toString()).toBe('url(//live.example/a.png)');
});

it('what a clone has put in the place of a text since it was seen is not read, wherever it leads', async () => {
  const [www, outside] = [makeTemp('live-form'), makeTemp('outside')];
  writeFileSync(join(outside, 'a.txt'), 'secret of clone.example');
  const seen = file('folder/a.txt', 'secret of clone.example');
  symlinkSync(outside, join(www, 'folder'));
  expect((await failureOf(inLiveForm(seen, www, toLive))).code).toBe('PLAN_OUTDATED');
  rmSync(join(www, 'folder'));
  mkdirSync(join(www, 'folder'));
  symlinkSync(join(outside, 'a.txt'), join(www, 'folder/a.txt'));
  expect((await failureOf(inLiveForm(seen, www, toLive))).code).toBe('PLAN_OUTDATED');
  rmSync(join(www, 'folder/a.txt'));
  writeFileSync(join(www, 'folder/a.txt'), 'it has grown meanwhile: clone.example');
  expect((await failureOf(inLiveForm(seen, www, toLive))).code).toBe('PLAN_OUTDATED');
});
