import type { Browser } from 'playwright-core';

/** Where two pictures differ. */
export interface ImageDifference {
  readonly pixels: number;
  /** Points of the larger of both. */
  readonly of: number;
  /** PNG: the second picture, pale, with what differs in red; undefined where nothing does. */
  readonly image: Buffer | undefined;
}

/** How much a colour may be another one (of 255) before a point counts: edges of letters are not drawn alike each time. */
const TOLERANCE = 24;

/**
 * Compares pictures point by point. Chromium, which made them, reads and writes PNG: the work is done in an empty page of it that loads nothing.
 */
export async function compareImages(
  pairs: readonly (readonly [Buffer, Buffer])[],
  browser: Browser,
): Promise<ImageDifference[]> {
  const context = await browser.newContext({ offline: true });
  try {
    const page = await context.newPage();
    const found: ImageDifference[] = [];
    for (const [one, other] of pairs) {
      const given = JSON.stringify([one.toString('base64'), other.toString('base64'), TOLERANCE]);
      const said = await page.evaluate<{ pixels: number; of: number; png: string }>(`(${IN_PAGE})(...${given})`);
      const image = said.pixels === 0 ? undefined : Buffer.from(said.png, 'base64');
      found.push({ pixels: said.pixels, of: said.of, image });
    }
    return found;
  } finally {
    await context.close().catch(() => undefined);
  }
}

/** Runs in the page, which has a canvas; this program has none. */
const IN_PAGE = `async (one, other, tolerance) => {
  const load = async (base64) =>
    createImageBitmap(new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type: 'image/png' }));
  const [a, b] = await Promise.all([load(one), load(other)]);
  const [width, height] = [Math.max(a.width, b.width), Math.max(a.height, b.height)];
  const draw = (image) => {
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context;
  };
  const [before, after] = [draw(a), draw(b)];
  const [was, image] = [before.getImageData(0, 0, width, height).data, after.getImageData(0, 0, width, height)];
  const is = image.data;
  let pixels = 0;
  for (let at = 0; at < is.length; at += 4) {
    const far = [0, 1, 2, 3].some((part) => Math.abs(was[at + part] - is[at + part]) > tolerance);
    if (far) pixels += 1;
    for (let part = 0; part < 3; part += 1)
      is[at + part] = far ? (part === 0 ? 220 : 0) : 255 - (255 - is[at + part]) * 0.3;
    is[at + 3] = 255;
  }
  if (pixels === 0) return { pixels, of: width * height, png: '' };
  after.putImageData(image, 0, 0);
  const blob = await after.canvas.convertToBlob({ type: 'image/png' });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return { pixels, of: width * height, png: btoa(text) };
}`;
