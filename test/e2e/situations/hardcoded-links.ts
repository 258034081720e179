import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const footer = (url: string): string => `<?php
add_action( 'wp_footer', function () { ?>
<a class="acme" href="${url}/kontakt/">x</a>
<div style="background:url(${url}/a.png)" data-acme='{"api":"${url.replaceAll('/', '\\/')}\\/wp-json\\/"}'></div>
<style>.b{background:url(${url}/b.png)}</style>
<script>var api="${url}/wp-json/", share="?u=${encodeURIComponent(`${url}/c`)}";</script>
<script>var kept="s:${url.length + 2}:\\"${url}/d\\"", other="${url}0/", sub="http://x${url.slice(7)}/";</script>
<?php } );
`;

export const situation: Situation = {
  promise: 'the source’s address in styles, scripts and data leads to the clone',
  plant: async (source) => {
    writeFileSync(join(source.content, 'mu-plugins/footer.php'), footer(source.url));
  },
  check: async ({ source, clone, get }) => {
    const { body } = await get('/');
    const { clone_url: url } = clone();
    expect(body).toContain(`href="${url}/kontakt/"`);
    expect(body).toContain(`style="background:url(${url}/a.png)"`);
    expect(body).toContain(`{"api":"${url.replaceAll('/', '\\/')}\\/wp-json\\/"}`);
    expect(body).toContain(`.b{background:url(${url}/b.png)}`);
    expect(body).toContain(`var api="${url}/wp-json/", share="?u=${encodeURIComponent(`${url}/c`)}"`);
    // A counted length would no longer be true; the others are other hosts.
    expect(body).toContain(
      `kept="s:${source.url.length + 2}:\\"${source.url}/d\\"", other="${source.url}0/", sub="http://x${source.url.slice(7)}/"`,
    );
  },
};
