/** Taxonomies of other things than posts, and whose. Polylang keeps languages and translations of terms as relations of terms. */
const OBJECTS: Readonly<Record<string, 'links' | 'terms'>> = {
  link_category: 'links',
  term_language: 'terms',
  term_translations: 'terms',
};

/** The table whose numbers the objects of a taxonomy are. */
export const objectsOf = (taxonomy: string | undefined): 'posts' | 'links' | 'terms' =>
  OBJECTS[taxonomy ?? ''] ?? 'posts';

/** Of which a thing has one: a post its format, a product its type, whatever Polylang translates its language and its translations. */
const SINGLE = new Set([
  'post_format',
  'product_type',
  'product_shipping_class',
  'language',
  'post_translations',
  'term_language',
  'term_translations',
  'wp_theme',
  'wp_template_part_area',
  'elementor_library_type',
]);
export const isSingle = (taxonomy: string | undefined): boolean => SINGLE.has(taxonomy ?? '');
