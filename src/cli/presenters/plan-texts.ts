import type { RestorePlan } from '../../operations/types.ts';
import { bytes, count, printable } from '../../shared/format.ts';

type Item = RestorePlan['items'][number];

/** `Page "About us": text changed, 2 pictures new`. */
export function itemTexts(items: readonly Item[], plan: RestorePlan): string[] {
  return items.map((item) => {
    const both = item.both && !plan.policy.strict ? ' (changed on the live site too; both go together)' : '';
    const over = item.over === undefined ? '' : ` (the clone’s is taken: ${printable(item.over)})`;
    return `${printable(item.title)}${changeOf(item)}${both}${over}`;
  });
}

function changeOf({ change, what }: Item): string {
  if (change !== 'changed') return ` ${change}`;
  if (what.length === 0) return ' changed';
  return `: ${what.map((each) => printable(each)).join(', ')} changed`;
}

/** Settings are names; widgets are counted. */
export function settingTexts(items: readonly Item[]): string[] {
  const isWidget = ({ id }: Item): boolean => /^option:(widget_|sidebars_widgets$)/.test(id);
  const widgets = items.filter(isWidget).length;
  const names = items
    .filter((item) => !isWidget(item))
    .map(({ title, change, over }) => {
      const taken = over === undefined ? '' : ' (the clone’s is taken)';
      return `${printable(title)}${change === 'changed' ? '' : ` (${change})`}${taken}`;
    });
  const all = [...names, ...(widgets > 0 ? [`widgets (${count(widgets)} settings)`] : [])];
  return all.length === 0 ? [] : inLines(all);
}

/** Packages with their versions. */
export function packageTexts({ code, plugins, items }: RestorePlan): string[] {
  const packages = code
    .filter(({ conflict, kept }) => !conflict && !kept)
    .map(({ id, title, change, versions, files }) => {
      const { live, clone } = versions;
      const version = live !== null && clone !== null && live !== clone ? ` ${live} → ${clone}` : '';
      const what = change === 'changed' ? `: ${files.length} ${files.length === 1 ? 'file' : 'files'}` : ` ${change}`;
      const tables = items.filter((item) => item.package === id && !item.conflict && !item.kept);
      return printable(`${title}${version}${what}${tablesOf(tables)}`);
    });
  const active = (names: readonly string[], what: string): string[] =>
    names.length === 0 ? [] : [`${what} ${names.map((name) => printable(name.split('/')[0] ?? name)).join(', ')}`];
  return [...packages, ...active(plugins.activate, 'activate'), ...active(plugins.deactivate, 'deactivate')];
}

/** ` (4 tables altered, 1 new)`. */
function tablesOf(tables: readonly Item[]): string {
  const made = tables.filter(({ change }) => change === 'new').length;
  const altered = tables.length - made;
  const words = altered === 1 ? '1 table altered' : `${altered} tables altered`;
  if (altered === 0) return made === 0 ? '' : ` (${made} ${made === 1 ? 'table' : 'tables'} new)`;
  return made === 0 ? ` (${words})` : ` (${words}, ${made} new)`;
}

export function uploadTexts({ uploads }: RestorePlan): string[] {
  const going = uploads.filter(({ conflict, kept }) => !conflict && !kept);
  if (going.length === 0) return [];
  const size = going.reduce((sum, each) => sum + each.size, 0);
  const nameOf = (path: string): string =>
    printable(
      path
        .replace(/^upload:/, '')
        .split('/')
        .at(-1) ?? path,
    );
  const names = going.slice(0, 3).map(({ id }) => nameOf(id));
  const renamed = going.flatMap(({ id, was }) =>
    was === undefined ? [] : [`${nameOf(was)} goes as ${nameOf(id)}: the live site has another of that name`],
  );
  const more = going.length > names.length ? ', …' : '';
  return [
    `${count(going.length)} ${going.length === 1 ? 'file' : 'files'} of uploads, ${bytes(size)}: ${names.join(', ')}${more}`,
    ...renamed,
  ];
}

const WIDTH = 100;

/** Names in a row, as many as fit a line. */
function inLines(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length + 2 <= WIDTH) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(name);
  }
  return lines;
}
