import { crc32, deflateSync } from 'node:zlib';

/** A chunk as the file has it: length, type, data, CRC-32. */
export function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** The chunk that says how large a picture is and of what. */
export function headerChunk(width: number, height: number, depth: 8 | 16, colourType: 0 | 2 | 4 | 6): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType], 8);
  return chunk('IHDR', header);
}

export const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** A PNG made by hand: what is in it is known, and headers may lie. `samples` are rows without filter bytes. */
export function pngOf(
  width: number,
  height: number,
  depth: 8 | 16,
  colourType: 0 | 2 | 4 | 6,
  samples: Buffer,
): Buffer {
  const stride = samples.length / height;
  const rows = Array.from({ length: samples.length === 0 ? 0 : height }, (_, y) =>
    Buffer.concat([Buffer.of(0), samples.subarray(y * stride, (y + 1) * stride)]),
  );
  return Buffer.concat([
    SIGNATURE,
    headerChunk(width, height, depth, colourType),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
