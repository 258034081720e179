import { createContent } from '../content.ts';
import { seeded } from '../random.ts';
import { tsvRow as row } from '../tsv.ts';

export const POSTS = 20_000;
export const UPLOADS = 4000;
/** Above what WordPress's installation used. */
const FIRST_ID = 100_000;

export const POST_COLUMNS =
  'ID,post_author,post_date,post_date_gmt,post_content,post_title,post_excerpt,post_status,comment_status,ping_status,post_password,post_name,to_ping,pinged,post_modified,post_modified_gmt,post_content_filtered,post_parent,guid,menu_order,post_type,post_mime_type,comment_count';
export const META_COLUMNS = 'post_id,meta_key,meta_value';

export const uploadPath = (index: number): string =>
  `20${String(10 + (index % 16))}/0${1 + (index % 9)}/image-${index}.jpg`;

/** Posts and attachments as LOAD DATA reads them, in pieces. */
export function* postRows(address: string): Generator<string> {
  const content = createContent(11, address);
  for (let index = 0; index < POSTS; index++) {
    const id = FIRST_ID + index;
    yield postRow(id, content.post(), `Post ${id}`, 'publish', 'post', '', `${address}/?p=${id}`);
  }
  for (let index = 0; index < UPLOADS; index++) {
    const id = FIRST_ID + POSTS + index;
    const guid = `${address}/wp-content/uploads/${uploadPath(index)}`;
    yield postRow(id, '', `image-${index}`, 'inherit', 'attachment', 'image/jpeg', guid);
  }
}

function postRow(
  id: number,
  text: string,
  title: string,
  status: string,
  type: string,
  mime: string,
  guid: string,
): string {
  const date = `2024-0${1 + (id % 9)}-1${id % 10} 0${id % 10}:00:00`;
  const name = title.toLowerCase().replaceAll(' ', '-');
  return row([
    id,
    1,
    date,
    date,
    text,
    title,
    '',
    status,
    'open',
    'open',
    '',
    name,
    '',
    '',
    date,
    date,
    '',
    0,
    guid,
    0,
    type,
    mime,
    0,
  ]);
}

/** About 150,000 rows of post meta: short values, serialized settings and JSON of a page builder. */
export function* metaRows(address: string): Generator<string> {
  const content = createContent(13, address);
  const below = seeded(17);
  for (let index = 0; index < POSTS; index++) {
    const id = FIRST_ID + index;
    const rich = index % 4 === 0;
    yield row([id, '_edit_lock', `${1_700_000_000 + index}:1`]);
    yield row([id, '_edit_last', 1]);
    yield row([id, '_thumbnail_id', FIRST_ID + POSTS + below(UPLOADS)]);
    yield row([id, 'rating', below(500) / 100]);
    yield row([id, 'related', `a:2:{i:0;i:${below(POSTS)};i:1;i:${below(POSTS)};}`]);
    yield row([id, '_layout', rich ? content.settings() : 'default']);
    yield row([id, '_builder_data', rich ? content.builder() : '[]']);
  }
  for (let index = 0; index < UPLOADS; index++) {
    const id = FIRST_ID + POSTS + index;
    const file = uploadPath(index);
    yield row([id, '_wp_attached_file', file]);
    yield row([
      id,
      '_wp_attachment_metadata',
      `a:3:{s:5:"width";i:1600;s:6:"height";i:900;s:4:"file";s:${file.length}:"${file}";}`,
    ]);
    yield row([id, '_wp_attachment_image_alt', `image ${index}`]);
  }
}
