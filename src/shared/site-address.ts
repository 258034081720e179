/** A host without a leading `www.`: nearly every site answers with and without it, and means the same. A port stays. */
export const withoutWww = (host: string): string => host.replace(/^www\./, '');

/** What tells sites apart: two addresses that differ only in their scheme, a leading `www.` or final slashes are the same site. */
export const siteKey = ({ host, pathname }: URL): string => withoutWww(host) + pathname.replace(/\/+$/, '');
