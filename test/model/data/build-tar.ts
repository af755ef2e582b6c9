/** Tar archives byte by byte, after POSIX.1-2001 and GNU tar's manual. */

export interface TarEntry {
  readonly name: string;
  readonly content?: Uint8Array | string;
  /** Default: a regular file. */
  readonly type?: string;
  /** How a name of more than 100 bytes is written. */
  readonly style?: 'prefix' | 'pax' | 'gnu';
  /** The size that the header tells, where it is not the content's. */
  readonly declared?: number;
}

const BLOCK = 512;

export function buildTar(entries: readonly TarEntry[], { end = true } = {}): Buffer {
  const parts = entries.flatMap((entry) => member(entry));
  return Buffer.concat(end ? [...parts, Buffer.alloc(2 * BLOCK)] : parts);
}

function member({ name, content = '', type = '0', style, declared }: TarEntry): Buffer[] {
  const bytes = Buffer.from(content as string);
  if (style === 'pax') {
    return [...member({ name: 'PaxHeaders/x', type: 'x', content: pax('path', name) }), ...plain('short', type, bytes)];
  }
  if (style === 'gnu') {
    return [
      ...member({ name: '././@LongLink', type: 'L', content: `${name}\0` }),
      ...plain(name.slice(0, 100), type, bytes),
    ];
  }
  if (style === 'prefix') {
    const slash = name.lastIndexOf('/');
    return plain(name.slice(slash + 1), type, bytes, name.slice(0, slash));
  }
  return plain(name, type, bytes, '', declared);
}

function plain(name: string, type: string, content: Buffer, prefix = '', size = content.length): Buffer[] {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(type, 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  header.write(prefix, 345, 155);
  seal(header);
  return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
}

/** Writes the checksum of a header. */
export function seal(header: Buffer): void {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

function pax(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (Buffer.byteLength(`${length}${rest}`) !== length) length++;
  return `${length}${rest}`;
}
