import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeTree } from '../../src/shared/remove-tree.ts';
import { makeTemp, run } from '../support/temp.ts';

const shell = (script: string): Promise<string> => run(['bash', '-euc', script]);

it('a folder is removed however deep code of a clone went in it', async () => {
  const [parent, outside] = [makeTemp('deep'), makeTemp('outside')];
  const top = join(parent, 'unit');
  writeFileSync(join(outside, 'file'), '');
  mkdirSync(top);
  await shell(
    `cd '${top}'; n=$(printf 'd%.0s' $(seq 200))
     for i in $(seq 50); do mkdir "$n" beside; echo x > file; ln -s '${outside}' link; cd "$n"; done; echo x > last`,
  );
  await removeTree(top);
  expect([readdirSync(parent), readdirSync(outside)]).toEqual([[], ['file']]);
});

it('what is removed by another removal meanwhile, such as one that failed and goes on, is no failure', async () => {
  const top = join(makeTemp('both'), 'unit');
  mkdirSync(top);
  await shell(
    `cd '${top}'; mkdir -p wide{0..99}/{a,b}; n=$(printf 'd%.0s' $(seq 250)); for i in $(seq 17); do mkdir "$n"; cd "$n"; done`,
  );
  await Promise.all([removeTree(top), removeTree(top)]);
  expect(existsSync(top)).toBe(false);
});

it('a folder is removed that may not be opened, or written to', async () => {
  const top = join(makeTemp('closed'), 'unit');
  mkdirSync(join(top, 'closed/in/it'), { recursive: true });
  writeFileSync(join(top, 'closed/in/file'), '');
  await shell(`cd '${top}'; chmod 0000 closed/in; chmod 0500 closed; chown -R 65534 '${join(top, '..')}' || true`);
  // The machine's administrator may open everything: it becomes somebody else first.
  const module = join(import.meta.dirname, '../../src/shared/remove-tree.ts');
  const code = `const { removeTree } = await import(${JSON.stringify(module)});
    if (process.getuid() === 0) process.setuid(65534);
    await removeTree(${JSON.stringify(top)});`;
  await run([process.execPath, '--input-type=module', '-e', code]);
  expect(existsSync(top)).toBe(false);
});

it('what is no folder is removed, a link without what it leads to, and nothing there is no failure', async () => {
  const folder = makeTemp('plain');
  mkdirSync(join(folder, 'kept'));
  symlinkSync(join(folder, 'kept'), join(folder, 'link'));
  writeFileSync(join(folder, 'file'), '');
  for (const name of ['link', 'file', 'nothing']) await removeTree(join(folder, name));
  expect(readdirSync(folder)).toEqual(['kept']);
});
