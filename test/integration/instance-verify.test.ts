import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { VerifyResult, VerifyTask } from '../../src/instance/types.ts';
import type { SourceLooks } from '../../src/site/looks.ts';
import { copyClone, instanceContext, type CopiedClone } from '../support/copied-clone.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { ALL_WELL, looksOf, UNSEEN } from '../support/looks.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

let home: TestHome;
let source: Source;
let clone: CopiedClone;
let looks: SourceLooks;

beforeAll(async () => {
  home = openTestHome();
  source = await startSource({ posts: 3 });
  clone = await copyClone(home, source);
  looks = await looksOf(source);
});
afterEach(() => plant('<?php'));
afterAll(async () => {
  await Promise.all([home.close(), source.stop()]);
});

/** What the clone's code does from now on, and the source's did not. */
const plant = (code: string): void =>
  writeFileSync(join(home.paths(clone.id).www, 'wp-content/mu-plugins/planted.php'), code);
const atFront = (code: string): void => plant(`<?php if ($_SERVER['REQUEST_URI'] === '/') { ${code} }`);

const verify = (changes: Partial<VerifyTask> = {}): Promise<VerifyResult> =>
  clone.instance.operations.verify({ ...clone.task, looks, ...changes }, instanceContext());
const codes = ({ findings }: VerifyResult): string[] => findings.map(({ code }) => code);

test('a clone that does what its source does is verified without a word', async () => {
  expect(await verify()).toEqual(ALL_WELL);
});

test('a password that is refused is told of, and never repeated', async () => {
  const verified = await verify({ admin: { ...clone.task.admin, password: 'wrong' } });
  expect(verified.findings).toEqual([]);
  expect(verified.warnings).toMatchObject([{ code: 'PASSWORD_LOGIN' }]);
  expect(JSON.stringify(verified)).not.toContain('"wrong');
});

test('a page that a plugin breaks is a finding with what PHP said, without arguments', async () => {
  plant('<?php if (!is_admin() && !isset($_GET["wpclone-login"])) { nowhere_to_be_found("secret argument"); }');
  const { findings } = await verify();
  expect(findings.map(({ code }) => code)).toEqual(['FRONT_PAGE_DIFFERS', 'LOGIN_PAGE_DIFFERS']);
  expect(findings[0]?.message).toMatch(/^The front page answers 500, the source's answers 200\. PHP said: /);
  expect(findings[0]?.message).toContain('Call to undefined function nowhere_to_be_found()');
  expect(findings[0]?.message).not.toContain('secret argument');
});

test('a page that goes on and on is a finding', async () => {
  atFront(`while (ob_get_level()) ob_end_flush(); for (;;) { echo ' '; flush(); usleep(50000); }`);
  const { sleep } = home.context;
  const hurried = { ...home.context, sleep: (ms: number, stop?: AbortSignal) => sleep(ms / 8, stop) };
  const { instance } = await home.runtime.get(clone.id, hurried);
  const { findings } = await instance.operations.verify({ ...clone.task, looks }, instanceContext());
  expect(findings).toMatchObject([{ check: 'front page', code: 'FRONT_PAGE_DIFFERS' }]);
  expect(findings[0]?.message).toContain('does not come to its end');
});

test('a link that leads to the source is a finding with an example', async () => {
  // Printed past every filter, at the very end of the page.
  plant(
    `<?php register_shutdown_function(function () { while (ob_get_level()) ob_end_flush(); echo '<a href="${source.url}/x">x</a>'; });`,
  );
  const { findings } = await verify();
  expect(findings).toMatchObject([{ check: 'links', code: 'LINKS_TO_SOURCE' }]);
  expect(findings[0]?.message).toContain(`${source.url}/x`);
});

test('styles that only rules of the source’s web server know, and languages with domains of their own, are told of', async () => {
  plant(`<?php add_action('wp_head', function () {
    echo '<link rel="alternate" hreflang="de" href="https://site.example.de/"><link rel="alternate" hreflang="en" href="/">';
    foreach (array('skin/a.css', 'skin/b.css') as $path) { echo "<link rel='stylesheet' href='/$path?ver=1'>"; }
  }, 0);`);
  const { findings, warnings } = await verify();
  expect([findings, warnings.map(({ code }) => code)]).toEqual([[], ['FRONT_PAGE', 'FRONT_PAGE']]);
  const [languages, files] = warnings.map(({ message }) => message);
  expect(languages).toContain('(de) have addresses of their own, such as https://site.example.de/');
  expect(files).toMatch(/^2 of \d styles and scripts .* answer 404 in the clone: \/skin\/a\.css, \/skin\/b\.css\./);
});

test('SQL that only the source’s MySQL understands is told of, and not where the source is a MariaDB too', async () => {
  plant(`<?php function acme_report() { global $wpdb; $wpdb->get_var("SELECT meta_value->>'$.a' FROM $wpdb->postmeta"); }
    add_action('wp_footer', 'acme_report');`);
  expect(await verify()).toEqual(ALL_WELL);
  const info = { ...clone.task.info, database: { version: '8.0.36', flavor: 'mysql' as const } };
  const { findings, warnings } = await verify({ info });
  expect([findings, warnings.map(({ code }) => code)]).toEqual([[], ['DATABASE_DIFFERS']]);
  expect(warnings[0]?.message).toMatch(/MySQL 8\.0\.36, .*error in your SQL syntax.* \(in acme_report\)$/);
});

test('a front page may lead to where the source’s leads, and nowhere else', async () => {
  const redirect = (to: string): void => atFront(`header('Location: ${to}', true, 302); exit;`);
  const there = (place: string): SourceLooks => ({ ...looks, front: { ...look(looks.front), place } });
  redirect('/readme.html');
  expect(codes(await verify({ looks: there('/readme.html') }))).toEqual([]);
  expect(codes(await verify())).toEqual(['FRONT_PAGE_DIFFERS']);
  redirect('https://elsewhere.example/');
  const { findings } = await verify();
  expect(findings[0]?.message).toContain('sends visitors to https://elsewhere.example');
  expect(findings[0]?.message).toContain('To find out why: open both pages side by side');
});

test('a page that differs without a word from PHP names the code that looks at the host name', async () => {
  plant(
    `<?php if (empty($_GET['wpclone-login']) && $_SERVER['HTTP_HOST'] !== 'shop.example') { http_response_code(404); die('No licence for this host.'); }`,
  );
  const { findings } = await verify();
  expect(findings[0]).toMatchObject({ code: 'FRONT_PAGE_DIFFERS' });
  expect(findings[0]?.message).toMatch(/these look at it: .*To do without one: clone with --exclude-path/);
});

test('an empty page is a finding where the source’s is none', async () => {
  atFront('exit;');
  const { findings } = await verify();
  expect(findings.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^The front page is empty, the source's is not\./),
  ]);
});

test('a source that could not be looked at costs a good clone nothing, and does not hide a bad page', async () => {
  const { findings, warnings } = await verify({ looks: UNSEEN });
  expect(findings).toEqual([]);
  expect(warnings.map(({ code }) => code)).toEqual(['NOT_COMPARED', 'NOT_COMPARED']);
  atFront('http_response_code(404); exit;');
  expect(codes(await verify({ looks: UNSEEN }))).toEqual(['FRONT_PAGE_DIFFERS']);
});

test('what keeps visitors from the source itself is nothing to compare with', async () => {
  const wall = { ...look(looks.front), status: 403, wall: true };
  const { findings, warnings } = await verify({ looks: { ...looks, front: wall } });
  expect([findings, warnings.map(({ code }) => code)]).toEqual([[], ['NOT_COMPARED']]);
});

test("a plugin that wants a captcha does not lock the clone's administrator out", async () => {
  plant(`<?php add_filter('authenticate', function () { return new WP_Error('captcha', 'Prove it'); }, 999);`);
  expect(await verify()).toEqual(ALL_WELL);
});

test('where the own administrator is not let in, links log in the one of the source, also after a reset of the choice', async () => {
  plant(
    `<?php add_action('admin_init', function () { if (wp_get_current_user()->user_login !== '${source.adminUser}') { wp_logout(); wp_redirect(home_url('/')); exit; } });`,
  );
  const { findings } = await verify({ sourceUsername: source.adminUser });
  expect(findings).toMatchObject([{ check: 'log-in', code: 'LOGIN_AS_SOURCE_ADMIN' }]);
  const link = new URL(await clone.instance.operations.createLoginLink(new AbortController().signal));
  const { headers } = await clone.get(link.pathname + link.search);
  expect(String(headers['set-cookie'])).toContain(`=${source.adminUser}%7C`);
  plant('<?php');
  await verify();
  const own = new URL(await clone.instance.operations.createLoginLink(new AbortController().signal));
  const answer = await clone.get(own.pathname + own.search);
  expect(String(answer.headers['set-cookie'])).toContain('=wpclone-test%7C');
});

test('who gave the key is the administrator of the source, and nobody without an address is taken for one', async () => {
  const second = Number(
    await source.php(
      "wp_update_user(array('ID' => get_user_by('login', 'sam')->ID, 'user_email' => '')); echo wp_insert_user(array('user_login' => 'second', 'user_pass' => 'x', 'role' => 'administrator'));",
    ),
  );
  await source.query("UPDATE wp_users SET user_email = '' WHERE user_login = 'sam'");
  const other = await copyClone(home, source, { info: { administrator: second } });
  const rules = "array(wp_get_current_user()->user_login, current_user_can('manage_options'))";
  writeFileSync(
    join(home.paths(other.id).www, 'wp-content/mu-plugins/planted.php'),
    `<?php add_action('admin_init', function () { if (${rules} !== array('second', true)) { wp_logout(); wp_redirect(home_url('/')); exit; } });`,
  );
  const { findings } = await other.instance.operations.verify({ ...other.task, looks }, instanceContext());
  expect(findings).toMatchObject([{ code: 'LOGIN_AS_SOURCE_ADMIN', message: expect.stringContaining('second') }]);
  const nobody = await copyClone(home, source);
  const may = await nobody.php("echo (int) user_can(get_user_by('login', 'wpclone-test'), 'manage_options');");
  expect(may).toBe('1');
  for (const { id } of [other, nobody]) await home.runtime.remove(id, home.context);
});

test.each([
  ['ends the request', "http_response_code(503); header('Retry-After: 3600'); exit('closed');"],
  ['breaks', 'nowhere_to_be_found();'],
  ['sends visitors away', "header('Location: https://elsewhere.example/', true, 301); exit;"],
])('a log-in link gets in although a plugin %s before WordPress is there', async (_what, code) => {
  plant(`<?php if (!preg_grep('/^wordpress_logged_in_/', array_keys($_COOKIE))) { ${code} }`);
  const link = new URL(await clone.instance.operations.createLoginLink(new AbortController().signal));
  const { status, headers } = await clone.get(link.pathname + link.search);
  expect([status, headers['location'], headers['retry-after']]).toEqual([302, `${clone.url}/wp-admin/`, undefined]);
  expect(String(headers['set-cookie'])).toContain('=wpclone-test%7C');
  expect((await clone.get(link.pathname + link.search)).status).toBe(403);
});

test('an administration that nobody reaches is a finding that says where the link led', async () => {
  plant(`<?php add_action('admin_init', function () { wp_redirect(home_url('/members/')); exit; });`);
  const { findings } = await verify();
  expect(findings).toMatchObject([{ check: 'log-in', code: 'ADMINISTRATION_NOT_REACHED' }]);
  expect(findings[0]?.message).toContain('/members');
});

test('rights that the administrator lacks are no log-in', async () => {
  plant(
    `<?php add_filter('user_has_cap', function ($all, $caps, $args, $user) { return $user->user_login === 'wpclone-test' ? array('read' => true) : $all; }, 10, 4);`,
  );
  expect(codes(await verify())).toEqual(['LOGIN_AS_SOURCE_ADMIN']);
});

test('only a clone of which nothing answers has failed', async () => {
  const nowhere = await copyClone(home, source);
  await home.runtime.remove(nowhere.id, home.context);
  const error = await failureOf(nowhere.instance.operations.verify({ ...nowhere.task, looks }, instanceContext()));
  expect(error).toMatchObject({ code: 'VERIFY_FAILED', details: { check: 'answer' } });
});

function look(sight: SourceLooks['front']) {
  if ('failed' in sight) throw new Error(sight.failed);
  return sight;
}
