import { seeded } from './random.ts';

/** Text as WordPress sites hold it: posts with blocks, serialized settings, JSON of page builders. The same for the same seed. */
export interface Content {
  post(): string;
  /** A serialized array as widgets and theme options keep it, with a string that is serialized once more. */
  settings(): string;
  /** What a page builder keeps in post meta. */
  builder(): string;
}

const WORDS =
  'the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years where much your way down should because long each just state people those too mr how little good world make very year still see own work men day get here old life both between being under three never know same last another while us might great go come since against right came take used himself few house american use place during high without again home around small however found mrs part school thought went say general once upon war every don does got united left number course until always away something fact water less public put think almost hand enough took far head yet government system set better told nothing night end why called find going look asked later point knew next program city business give group toward days young let room word given side social present several order national second possible rather face per among form important often things looked early white case john large need big four within felt children along saw best church ever least power development light thing seemed family interest want members others mind country area done turned although open god service certain kind problem began different door thus help means sense whole matter'.split(
    ' ',
  );

/** `address` is the site's URL; give another host to make content without a match. */
export function createContent(seed: number, address: string): Content {
  const below = seeded(seed);
  const words = (count: number): string =>
    Array.from({ length: count }, () => WORDS[below(WORDS.length)] ?? '').join(' ');
  const image = (): string =>
    `${address}/wp-content/uploads/20${10 + below(16)}/0${1 + below(9)}/image-${below(4000)}.jpg`;
  const paragraph = (): string => {
    const link = below(3) === 0 ? ` <a href="${address}/${words(1)}-${below(20_000)}/">${words(2)}</a>` : '';
    return `<!-- wp:paragraph -->\n<p>${words(40 + below(60))}${link}.</p>\n<!-- /wp:paragraph -->\n\n`;
  };
  const figure = (): string =>
    `<!-- wp:image {"id":${below(4000)}} -->\n<figure class="wp-block-image"><img src="${image()}" srcset="${image()} 1024w, ${image()} 300w" alt="${words(3)}"/></figure>\n<!-- /wp:image -->\n\n`;
  const settings = (): string =>
    serialize({
      title: words(4),
      logo: image(),
      width: below(2000),
      css: `.hero{background:url(${image()})}\n${words(60)}`,
      menu: Object.fromEntries(
        Array.from({ length: 6 }, (_, index) => [
          `item-${index}`,
          { label: words(2), url: `${address}/${words(1)}/`, classes: words(3), text: words(30) },
        ]),
      ),
      cached: serialize({ url: image(), text: words(20) }),
    });
  return {
    post: () => Array.from({ length: 4 + below(6) }, () => (below(4) === 0 ? figure() : paragraph())).join(''),
    settings,
    builder: () =>
      JSON.stringify(
        Array.from({ length: 4 }, () => ({
          id: below(1e6).toString(16),
          elType: 'widget',
          settings: {
            editor: `<p>${words(40)}</p>`,
            image: { url: image(), id: below(4000) },
            link: { url: `${address}/`, is_external: '' },
          },
          elements: [],
        })),
      ).replaceAll('/', String.raw`\/`),
  };
}

type Serializable = string | number | { readonly [key: string]: Serializable };

/** PHP's serialize() for strings, whole numbers and arrays. */
function serialize(value: Serializable): string {
  if (typeof value === 'number') return `i:${value};`;
  if (typeof value === 'string') return `s:${Buffer.byteLength(value)}:"${value}";`;
  const entries = Object.entries(value);
  return `a:${entries.length}:{${entries.map(([key, item]) => serialize(key) + serialize(item)).join('')}}`;
}
