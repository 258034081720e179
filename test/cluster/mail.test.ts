import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSource, type Source } from '../support/source/index.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { documentRoot, visit } from './pages.ts';
import { HOST, useNamespace } from './support.ts';

const namespace = useNamespace('mail');
const commands = useCommands(namespace);
let source: Source;

beforeAll(async () => {
  source = await startSource({ host: HOST, posts: 3 });
});
afterAll(() => source.stop());

/** Sends a mail, and opens a connection as a plugin that speaks SMTP would. */
const PROBE = `<?php require __DIR__ . '/wp-load.php';
$sent = wp_mail( 'somebody@example.com', 'Hello', 'Text' );
$open = function_exists( 'fsockopen' ) && fsockopen( $_GET['host'], (int) $_GET['port'] );
echo json_encode( array( 'sent' => $sent, 'open' => $open ) );`;

async function probe(clone: Report): Promise<unknown> {
  writeFileSync(`${await documentRoot(namespace, clone)}/probe.php`, PROBE, { mode: 0o644 });
  const { hostname, port } = new URL(source.url);
  const { body } = await visit(namespace, clone, `/probe.php?host=${hostname}&port=${port}`);
  return body.json();
}

const subjects = async ({ clone_id: id }: Report) =>
  (await commands.json<{ messages: { subject: string }[] }>(['mail', id])).messages.map(({ subject }) => subject);

test('the mail of a clone is caught', async () => {
  const report = await commands.json<Report>(cloneArguments(source), passwordOf(source));
  expect(await probe(report)).toEqual({ sent: true, open: false });
  expect(await subjects(report)).toEqual(['Hello']);
});

test('with --keep-mail plugins may speak SMTP, and PHP’s mail() fails where the image has no sendmail, also after a reset', async () => {
  const report = await commands.json<Report>(cloneArguments(source, '--keep-mail'), passwordOf(source));
  expect(await probe(report)).toEqual({ sent: false, open: true });
  await commands.json(['reset', report.clone_id]);
  expect(await probe(report)).toEqual({ sent: false, open: true });
  expect(await subjects(report)).toEqual([]);
});
