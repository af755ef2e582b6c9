import { crc32 } from 'node:zlib';

/** One entry of an archive to build; fields beyond `name` and `data` make it lie. */
export interface EntryToBuild {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly packedSize?: number;
  /** Of the local header, as the central directory gives it. */
  readonly offset?: number;
  readonly extra?: Uint8Array;
  /** What the local header says where that differs. */
  readonly local?: { readonly name?: string; readonly flags?: number; readonly method?: number; readonly crc?: number };
  readonly localSize?: number;
}

export interface ZipOptions {
  /** Writes the zip64 end record and its locator, as torch.save does. */
  readonly zip64?: boolean;
  /** Changes the end records before they are written. */
  readonly end?: (end: Buffer, end64: Buffer, locator: Buffer) => void;
}

/** A zip archive of stored entries. */
export function buildZip(entries: readonly EntryToBuild[], { zip64 = true, end: change }: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  for (const entry of entries) {
    const { name, data, method = 0, flags = 0x800, crc = crc32(data), size = data.length, extra = [] } = entry;
    const local = Buffer.alloc(30);
    const localName = Buffer.from(entry.local?.name ?? name);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(entry.local?.flags ?? flags, 6);
    local.writeUInt16LE(entry.local?.method ?? method, 8);
    local.writeUInt32LE(entry.local?.crc ?? crc, 14);
    local.writeUInt32LE(entry.localSize ?? size, 18);
    local.writeUInt32LE(entry.localSize ?? size, 22);
    local.writeUInt16LE(localName.length, 26);
    const whole = Buffer.concat([local, localName, data]);
    parts.push(whole);

    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(crc, 16);
    central.writeUInt32LE(entry.packedSize ?? size, 20);
    central.writeUInt32LE(size, 24);
    central.writeUInt16LE(Buffer.byteLength(name), 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt32LE(entry.offset ?? position, 42);
    directory.push(Buffer.concat([central, Buffer.from(name), Buffer.from(extra)]));
    position += whole.length;
  }
  const central = Buffer.concat(directory);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(BigInt(entries.length), 24);
  end64.writeBigUInt64LE(BigInt(entries.length), 32);
  end64.writeBigUInt64LE(BigInt(central.length), 40);
  end64.writeBigUInt64LE(BigInt(position), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50);
  locator.writeBigUInt64LE(BigInt(position + central.length), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(position, 16);
  change?.(end, end64, locator);
  return Buffer.concat([...parts, central, ...(zip64 ? [end64, locator] : []), end]);
}

/** An archive as torch.save lays it out, with this pickle and these storages. */
export function buildTorchZip(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  others: Readonly<Record<string, string>> = { byteorder: 'little', version: '3\n' },
): Buffer {
  return buildZip([
    { name: 'archive/data.pkl', data: pickle },
    ...Object.entries(others).map(([name, value]) => ({ name: `archive/${name}`, data: Buffer.from(value) })),
    ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
  ]);
}
