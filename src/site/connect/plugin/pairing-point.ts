import { z } from 'zod';
import { jsonIn } from '../../json-in.ts';
import { ownUrl } from '../../own-urls.ts';
import { type Page, parsePage } from '../visit/page.ts';

/** The element that the active plugin shows to administrators (docs/PROTOCOL.md). */
export interface PairingPoint {
  readonly ajax: URL;
  readonly nonce: string;
  readonly version: string;
  readonly protocol: number;
}

/** Where the page says that a key can be had; undefined when our plugin is not active, or not shown to this user. */
export function pairingPoint(page: Page): PairingPoint | undefined {
  const element = parsePage(page)('#wpclone-pair').first();
  const ajax = ownUrl(element.attr('data-ajax'), page.url);
  const nonce = element.attr('data-nonce');
  if (!ajax || nonce === undefined) return undefined;
  return {
    ajax,
    nonce,
    version: element.attr('data-version') ?? '',
    protocol: Number(element.attr('data-protocol') ?? 1),
  };
}

const toldSchema = z.object({ nonce: z.string(), ajax: z.string(), version: z.string(), protocol: z.number() });

/** The same as the answer to the plugin's activation says it in a header; undefined where something has dropped that. */
export function pairingPointTold(answer: Page): PairingPoint | undefined {
  const told = jsonIn(answer.headers['x-wpclone-pair'] ?? '', toldSchema);
  const ajax = ownUrl(told?.ajax, answer.url);
  return told && ajax && { ...told, ajax };
}
