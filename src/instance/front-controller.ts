import { isAbsolute, dirname, join } from 'node:path';
import { lstat } from 'node:fs/promises';
import { planMapping } from '../transfer/rewrite/plan.ts';
import { createRewriter } from '../transfer/rewrite/rewriter.ts';
import type { Configuration } from './configuration.ts';
import { phpLiteral } from './php-literal.ts';
import { inWww, placesOf, type Places } from './places.ts';
import { fillTemplate } from './template.ts';
import type { InstanceSite } from './types.ts';
import { readPlain, writeWhole } from '../shared/whole-file.ts';

/** Where it says that WordPress lies. */
const HEADER = /(__DIR__\s*\.\s*|dirname\(\s*__FILE__\s*\)\s*\.\s*)?(['"])([^'"]*wp-blog-header\.php)\2/;

/**
 * The index.php at the site's address is the source's own, with its paths and addresses led to the clone: it may do more than load
 * WordPress. Where none came along, or where it leads to no file of the clone, one that loads WordPress takes its place.
 */
export async function putFrontController(site: InstanceSite, configuration: Configuration): Promise<void> {
  const { info, cloneUrl } = configuration;
  const { www } = site.paths;
  const places = placesOf(info);
  const file = inWww(www, places.home, 'index.php');
  const original = await readPlain(file);
  const own = createRewriter(planMapping(info, cloneUrl, www))
    .value(Buffer.from(original, 'utf8'))
    .toString('utf8');
  if (original === '' || !(await leadsSomewhere(file, own))) {
    await writeWhole(file, await fillTemplate('index.php.tpl', { blog_header: phpLiteral(header(places)) }));
  } else if (own !== original) await writeWhole(file, own);
}

async function leadsSomewhere(file: string, code: string): Promise<boolean> {
  const found = HEADER.exec(code);
  // It loads WordPress in a way of its own, or something else.
  if (found === null) return true;
  const [, folder, , named = ''] = found;
  const path = folder === undefined && isAbsolute(named) ? named : join(dirname(file), named);
  return lstat(path).then(
    (stat) => stat.isFile(),
    () => false,
  );
}

function header({ home, core }: Places): string {
  const up = home === '' ? '' : '/..'.repeat(home.split('/').length);
  return `${up}/${core === '' ? '' : `${core}/`}wp-blog-header.php`;
}
