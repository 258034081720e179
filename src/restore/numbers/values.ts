import type { Directory } from '../merge/directory.ts';
import { cell, type Table } from '../merge/parts.ts';
import type { Row } from '../merge/types.ts';
import { listPlaces, type NumberPlace } from './places.ts';
import { scalarsOf } from './serialized.ts';
import { elementorPlaces } from './texts.ts';

/** By name: the table that all numbers of a value are of, alone, with commas between, or as values of a serialized array. */
const WHOLE: Readonly<Record<string, readonly (readonly [RegExp, string | null])[]>> = {
  options: [
    [/^(page_on_front|page_for_posts|wp_page_for_privacy_policy|site_icon|site_logo|elementor_active_kit|sticky_posts)$/, 'posts'],
    [/^(default_category|default_link_category|default_product_cat|default_email_category)$/, 'terms'],
    [/(^|_)(attachment|thumbnail|image|logo|media|page)_id$/, 'posts'],
    [/^woocommerce_placeholder_image$/, 'posts'],
    [/^(.*_size_[wh]|posts_per_page|start_of_week|gmt_offset|db_version)$/, null],
  ],
  postmeta: [
    [/^(_thumbnail_id|_menu_item_menu_item_parent|_product_image_gallery|_upsell_ids|_crosssell_ids|_children)$/, 'posts'],
    [/^_edit_last$/, 'users'],
    [/^(_yoast_wpseo_primary_\w+|rank_math_primary_\w+)$/, 'terms'],
    [/(^|_)(attachment|thumbnail|image|logo|media|page)_id$/, 'posts'],
    [/^_wp_(attachment_(metadata|backup_sizes)|attached_file|page_template|trash_meta_time|old_slug|old_date)$/, null],
    [/^(_edit_lock|_(regular_|sale_)?price|_stock(_status)?|total_sales|_sku|_weight|_length|_width|_height|_wc_\w+(count|rating)|_elementor_version)$/, null],
  ],
  termmeta: [
    [/(^|_)(attachment|thumbnail|image|logo|media|page)_id$/, 'posts'],
    [/^(order|product_count_\w+)$/, null],
  ],
  usermeta: [[/(^|_)(attachment|thumbnail|image|logo|media|avatar)(_id)?$/, 'posts']],
  woocommerce_order_itemmeta: [
    [/^_(product|variation)_id$/, 'posts'],
    [/^_(qty|line_\w+|tax_class)$/, null],
  ],
}; // prettier-ignore

/** In serialized settings: keys that lead to a number, `*` for any one. */
const PATHS: readonly (readonly [RegExp, readonly (readonly [string, string])[]])[] = [
  [/^theme_mods_/, [['custom_logo', 'posts'], ['custom_css_post_id', 'posts'], ['nav_menu_locations.*', 'terms'], ['header_image_data.attachment_id', 'posts']]],
  [/^nav_menu_options$/, [['auto_add.*', 'terms']]],
  [/^widget_nav_menu$/, [['*.nav_menu', 'terms']]],
  [/^widget_media_gallery$/, [['*.ids.*', 'posts']]],
  [/^widget_media_/, [['*.attachment_id', 'posts']]],
]; // prettier-ignore

/** Numbers in the value of a setting or of meta data whose meaning its name tells. */
export function namedPlaces(table: Table, row: Row, text: string, directory: Directory): NumberPlace[] {
  const name = cell(table, row, table.short === 'options' ? 'option_name' : 'meta_key') ?? '';
  const short = wholeOf(table, row, name, directory);
  if (short !== undefined) return wholePlaces(text, short);
  if (table.short === 'postmeta' && name === '_elementor_data') return elementorPlaces(text);
  const paths = table.short === 'options' ? PATHS.find(([pattern]) => pattern.test(name))?.[1] : undefined;
  if (paths === undefined) return [];
  return (scalarsOf(text) ?? []).flatMap(({ path, start, end, isKey }) => {
    const known = isKey ? undefined : paths.find(([keys]) => fits(path, keys.split('.')));
    return known && isNumber(text.slice(start, end)) ? [{ start, end, short: known[1] }] : [];
  });
}

function wholeOf(table: Table, row: Row, name: string, directory: Directory): string | null | undefined {
  if (table.short === 'postmeta' && name === '_menu_item_object_id')
    return directory.targetOf(cell(table, row, 'post_id') ?? '');
  return WHOLE[table.short]?.find(([pattern]) => pattern.test(name))?.[1];
}

/** Null: no number in it means a row, whatever its form. */
function wholePlaces(text: string, short: string | null): NumberPlace[] {
  if (short === null || /^[\d, ]*$/.test(text)) return listPlaces(text, 0, text.length, short);
  return (scalarsOf(text) ?? []).flatMap(({ start, end, isKey }) =>
    !isKey && isNumber(text.slice(start, end)) ? [{ start, end, short }] : [],
  );
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);
const fits = (path: readonly string[], keys: readonly string[]): boolean =>
  path.length === keys.length && keys.every((key, at) => key === '*' || key === path[at]);
