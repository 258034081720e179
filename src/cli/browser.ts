import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * Opens `url` in the person's browser; false when this machine has none to open. The link logs in, and arguments of a
 * process can be read by everybody on the machine, so the browser is given a private file that leads there.
 */
export async function openInBrowser(url: string, home: string, signal: AbortSignal): Promise<boolean> {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const hasDesktop = process.platform === 'darwin' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  if (!hasDesktop) return false;
  const page = join(home, 'open.html');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(page, redirectTo(url), { mode: 0o600 });
  const result = await execa(opener, [page], { stdio: 'ignore', reject: false, cancelSignal: signal });
  return result.exitCode === 0;
}

function redirectTo(url: string): string {
  const address = url.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${address}"><a href="${address}">Go to the clone</a>\n`;
}
