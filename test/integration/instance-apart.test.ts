import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyClone, instanceContext, type CopiedClone } from '../support/copied-clone.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { run } from '../support/temp.ts';

let home: TestHome;
let source: Source;
let clone: CopiedClone;
let other: CopiedClone;

beforeAll(async () => {
  home = openTestHome();
  source = await startSource({ posts: 2 });
  [clone, other] = await Promise.all([copyClone(home, source), copyClone(home, source)]);
});
afterAll(async () => {
  await Promise.all([home.close(), source.stop()]);
});

describe('a clone', () => {
  test('reads no files but its own', async () => {
    const { www } = home.paths(other.id);
    for (const path of [
      join(www, 'wp-config.php'),
      '/etc/passwd',
      home.layout.database.data,
      join(home.home, 'state.db'),
    ])
      expect(await clone.php(`var_dump(@file_get_contents('${path}'), @scandir('${path}'), @glob('${path}*'));`)).toBe(
        'bool(false)\nbool(false)\nbool(false)\n',
      );
    expect(await clone.php(`echo strlen(file_get_contents(ABSPATH . 'wp-config.php')) > 0 ? 'own' : '';`)).toBe('own');
  });

  test('neither reads nor writes its own baseline, whose packs other clones of its source have too', async () => {
    const { baseline, www } = home.paths(clone.id);
    const file = join(baseline, 'secret');
    writeFileSync(file, 'as it was');
    const answer = await clone.php(`
      echo (int) @symlink('${baseline}', ABSPATH . 'way'), (int) @link('${file}', ABSPATH . 'twin'), ' ';
      $ways = ['${file}', '${www}/../baseline/secret', ABSPATH . 'way/secret'];
      foreach ($ways as $way) {
        echo (int) @file_exists($way), (int) @file_get_contents($way), (int) @touch($way, 1), (int) @unlink($way);
        $open = @fopen($way, 'r+');
        echo (int) is_resource($open), (int) @rename($way, ABSPATH . 'mine'), (int) @copy($way, ABSPATH . 'copy'), ' ';
      }
      echo (int) @file_put_contents('${baseline}/new', 'x'), (int) @mkdir('${baseline}/deep'), (int) @scandir('${baseline}');`);
    expect(answer).toBe(`00 ${'0000000 '.repeat(3)}000`);
    expect([readFileSync(file, 'utf8'), existsSync(join(baseline, 'new')), existsSync(join(baseline, 'deep'))]).toEqual(
      ['as it was', false, false],
    );
    await run(['rm', file]);
  });

  test('is not the administrator of the database server that all clones share', async () => {
    const { socket } = home.layout.database;
    const attempt = (user: string) =>
      clone.php(
        `mysqli_report(MYSQLI_REPORT_OFF); $db = @mysqli_connect('localhost', '${user}', '', '', 0, '${socket}'); echo $db ? 'in' : 'refused';`,
      );
    for (const user of new Set(['root', 'mysql', userInfo().username])) expect(await attempt(user)).toBe('refused');
  });

  test('starts no programs, sendmail included, and code that tries goes on', async () => {
    const file = join(home.paths(clone.id).www, 'started');
    const command = `touch ${file}`;
    const answer = await clone.php(`
      foreach (['exec', 'shell_exec', 'system', 'passthru'] as $start) { @$start('${command}'); }
      @popen('${command}', 'r');
      @proc_open('${command}', [], $pipes);
      if (function_exists('pcntl_exec')) { @pcntl_exec('/usr/bin/touch', ['${file}']); }
      echo 'goes on ', (int) file_exists('${file}');`);
    expect(answer).toBe('goes on 0');
  });

  test('starts programs when it was made for that, and still reaches nobody', async () => {
    const open = await copyClone(home, source, { task: { allowExec: true } });
    expect(
      await open.php(`echo trim(shell_exec('echo started')), (int) @fsockopen('127.0.0.1', ${source.port});`),
    ).toBe('started0');
    await open.instance.operations.configure({ ...open.task, keepMail: true }, instanceContext());
    expect(await open.php(`echo ini_get('disable_functions'), trim(shell_exec('echo both'));`)).toBe('both');
    await home.runtime.remove(open.id, home.context);
  });
});

test('what keeping clones apart costs a page is printed', { timeout: 120_000 }, async () => {
  const { run: folder } = home.paths(clone.id);
  const page = async (): Promise<number> => {
    const times: number[] = [];
    for (let count = 0; count < 25; count += 1) {
      const start = performance.now();
      expect((await clone.get('/')).status).toBe(200);
      if (count >= 5) times.push(performance.now() - start);
    }
    return times.toSorted((a, b) => a - b)[10] ?? 0;
  };
  const apart = await page();
  writeFileSync(join(folder, 'php/zzz.ini'), 'open_basedir =\n');
  await clone.instance.operations.configure({ ...clone.task, keepMail: true }, instanceContext());
  const together = await page();
  await run(['rm', join(folder, 'php/zzz.ini')]);
  console.log(`a page takes ${apart.toFixed(0)} ms with open_basedir, ${together.toFixed(0)} ms without`);
});
