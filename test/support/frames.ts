import { createHash, hash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { FLAG_DEFLATED, FRAME_MAGIC } from '../../src/site/protocol.ts';

/** A frame as the migrator makes it; what it holds may be anything. */
export function frame(type: string, head: object, body: Buffer = Buffer.alloc(0), deflate = false): Buffer {
  const full = body.length > 0 && !('pieces' in head) ? { ...head, h: hash('sha256', body, 'hex') } : head;
  const json = Buffer.from(JSON.stringify(deflate ? { ...full, len: body.length } : full));
  const packed = deflate ? deflateSync(body) : body;
  const lead = Buffer.from([type.charCodeAt(0), deflate ? FLAG_DEFLATED : 0]);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(json.length, 0);
  lengths.writeUInt32BE(packed.length, 4);
  const digest = createHash('sha256').update(lead).update(json).digest();
  return Buffer.concat([FRAME_MAGIC, lead, lengths, digest, json, packed]);
}
