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
