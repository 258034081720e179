/** What the PHP scripts replace: the forms that our rewriter finds, of one host, as a person would list them. */
export function phpConfig(from: string, to: string): string {
  return JSON.stringify({ from: forms(from), to: forms(to, new URL(to).protocol) });
}

/** The address with https, http and neither (or with `scheme` for both), each plain, in JSON and URL-encoded. */
function forms(address: string, scheme?: string): string[] {
  const bare = address.replace(/^https?:/, '');
  const urls = [scheme ?? 'https:', scheme ?? 'http:', ''].map((prefix) => prefix + bare);
  return urls.flatMap((url) => [url, url.replaceAll('/', String.raw`\/`), encodeURIComponent(url)]);
}
