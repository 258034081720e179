import { isFoundByName } from '../merge/birth.ts';
import { directoryOf } from '../merge/directory.ts';
import { cell, tableOf } from '../merge/parts.ts';
import type { TableDifferences } from '../merge/types.ts';
import type { NewNumbers } from './given.ts';

/**
 * Styles and templates that both sides made, each for itself, as WordPress does of a theme's when its editor is opened: it finds them by
 * theme and name, so there can be but one. The clone's gets the live site's number, and what differs is for a person to decide.
 */
export function sameDesigns(tables: readonly TableDifferences[]): NewNumbers {
  const known = tables.map((differences) => ({ table: tableOf(differences), rows: differences.rows }));
  const posts = known.find(({ table }) => table.short === 'posts' && table.doubt === undefined);
  const relations = known.find(({ table }) => table.short === 'term_relationships');
  if (!posts || !relations) return new Map();
  const directory = directoryOf(tables);
  const madeBy = (side: 'live' | 'clone'): Map<string, string> => {
    const themes = new Map<string, string>();
    for (const { [side]: row } of relations.rows) {
      const term = row && directory.termOf(cell(relations.table, row, 'term_taxonomy_id') ?? '');
      if (row && term?.taxonomy === 'wp_theme')
        themes.set(cell(relations.table, row, 'object_id') ?? '', directory.value('terms', term.id, 'slug') ?? '');
    }
    return new Map(
      posts.rows.flatMap(({ base, live, clone }): [string, string][] => {
        const row = side === 'live' ? live : clone;
        if (base || !row || (live && clone) || !isFoundByName(posts.table, row)) return [];
        const [id = '', ...name] = ['ID', 'post_type', 'post_name'].map((each) => cell(posts.table, row, each) ?? '');
        const theme = themes.get(id);
        return theme === undefined ? [] : [[[theme, ...name].join('\n'), id]];
      }),
    );
  };
  const there = madeBy('live');
  const same = [...madeBy('clone')].flatMap(([name, id]): [string, string][] => {
    const other = there.get(name);
    return other === undefined ? [] : [[id, other]];
  });
  return new Map([['posts', new Map(same)]]);
}
