import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../src/model/base/errors.js';
import {
  firstNonFinite,
  openSafetensors,
  readTensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../../src/model/checkpoint/safetensors.js';
import { buildSafetensors, tensor } from './build-safetensors.js';
import { refusal, temporaryFile, temporaryFolder } from './temporary.js';

const folder = temporaryFolder();
const golden = 'fixtures/golden/pooled/open_clip_model.safetensors';

const F32 = (begin: number, end: number) => tensor('F32', [(end - begin) / 4], begin, end);

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

describe('openSafetensors', () => {
  it('reads where the tensors of a file written by safetensors itself lie', async () => {
    const file = await openSafetensors(golden);
    const bytes = readFileSync(golden);
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
    expect(file.size).toBe(bytes.length);
    expect([...file.tensors.keys()]).toEqual(Object.keys(header));
    for (const [name, entry] of file.tensors) {
      const [begin, end] = header[name].data_offsets;
      const start =
        bytes.length - Math.max(...Object.values<{ data_offsets: number[] }>(header).map((t) => t.data_offsets[1]!));
      expect(entry).toEqual({
        name,
        dtype: header[name].dtype,
        shape: header[name].shape,
        offset: start + begin,
        byteLength: end - begin,
      });
    }
  });

  it('takes what the format allows', async () => {
    const header = ` {"__metadata__" : {"format":"pt","__proto__":"\\u00e9\\n"}, "b":${F32(0, 8)},"empty":${tensor('I64', [0, 5], 8, 8)},
      "__proto__": {"data_offsets":[8,9] , "shape":[],"dtype":"U8"} , "\\"q\\"":${tensor('BOOL', [2, 1], 9, 11)} }  `;
    // The first character must be {, spaces may follow the last.
    const file = await openSafetensors(temporaryFile(folder, buildSafetensors(header.trimStart(), 11)));
    expect([...file.tensors.keys()]).toEqual(['b', 'empty', '__proto__', '"q"']);
    expect(file.tensors.get('__proto__')).toMatchObject({ dtype: 'U8', shape: [], byteLength: 1 });
    expect([...file.metadata]).toEqual([
      ['format', 'pt'],
      ['__proto__', 'é\n'],
    ]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it('opens 100,000 tiny tensors', async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `"t${i}":${F32(i * 4, i * 4 + 4)}`);
    const file = await openSafetensors(temporaryFile(folder, buildSafetensors(`{${names.join(',')}}`, 400_000)));
    expect(file.tensors.size).toBe(100_000);
    expect(file.tensors.get('t99999')!.offset).toBe(file.size - 4);
  });

  it('refuses millions of them, and of metadata entries', async () => {
    const empty = tensor('U8', [0], 0, 0);
    const names = Array.from({ length: 200_001 }, (_, i) => `"t${i}":${empty}`).join();
    const tensors = temporaryFile(folder, buildSafetensors(`{${names}}`, 0));
    expect((await refusal(openSafetensors(tensors))).message).toMatch(/more than 200000 tensors/);
    const strings = Array.from({ length: 200_001 }, (_, i) => `"${i}":""`).join();
    const metadata = temporaryFile(folder, buildSafetensors(`{"__metadata__":{${strings}}}`, 0));
    expect((await refusal(openSafetensors(metadata))).message).toMatch(/more than 200000 entries in __metadata__/);
  });

  const one = `{"a":${F32(0, 8)}}`;
  const HOSTILE: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['nothing', Buffer.alloc(0), /is empty/],
    ['shorter than a header length', Buffer.from('1234567'), /7 bytes are too short/],
    ['a header of no bytes', buildSafetensors('', 8, 0n), /a header of 0 bytes/],
    ['a header of 2^64 - 1 bytes', buildSafetensors(one, 8, 2n ** 64n - 1n), /ends beyond its \d+ bytes/],
    ['a header of 2^53 + 1 bytes', buildSafetensors(one, 8, 2n ** 53n + 1n), /ends beyond/],
    ['a header one byte past the file', buildSafetensors(one, 8, BigInt(one.length + 9)), /ends beyond/],
    ['a header that does not start with {', buildSafetensors(` ${one}`, 8), /does not start with \{/],
    ['a header cut short', buildSafetensors(one.slice(0, -3), 8), /expected, end of header found/],
    ['text after the header', buildSafetensors(`${one}x`, 8), /text after the closing brace/],
    ['a header of zeros', buildSafetensors(Buffer.concat([Buffer.from('{'), Buffer.alloc(50)]), 8), /expected/],
    ['invalid UTF-8', buildSafetensors(Buffer.from(one.replace('a', '\xff'), 'latin1'), 8), /not valid UTF-8/],
    [
      'an overlong encoding',
      buildSafetensors(Buffer.from(one.replace('a', '\xc0\x80'), 'latin1'), 8),
      /not valid UTF-8/,
    ],
    ['a lone surrogate', buildSafetensors(one.replace('a', '\\ud800'), 8), /no Unicode text/],
    ['an escape that JSON does not know', buildSafetensors(one.replace('a', '\\x41'), 8), /escape/],
    ['a raw newline in a name', buildSafetensors(one.replace('a', '\n'), 8), /control character/],
    [
      'a hole at the start',
      buildSafetensors(`{"a":${F32(4, 12)}}`, 12),
      /"a": leaves a hole of 4 bytes after the start/,
    ],
    [
      'a hole',
      buildSafetensors(`{"a":${F32(0, 4)},"b":${F32(8, 12)}}`, 12),
      /"b": leaves a hole of 4 bytes after tensor "a"/,
    ],
    ['an overlap', buildSafetensors(`{"a":${F32(0, 8)},"b":${F32(4, 12)}}`, 12), /"b": overlaps tensor "a" by 4 bytes/],
    ['two tensors on the same bytes', buildSafetensors(`{"a":${F32(0, 8)},"b":${F32(0, 8)}}`, 8), /overlaps/],
    ['trailing bytes', buildSafetensors(one, 9), /1 bytes after the last tensor/],
    ['no tensors but data', buildSafetensors('{}', 4), /4 bytes after the last tensor/],
    ['data cut short', buildSafetensors(one, 7), /"a": its data ends at byte 8 of 7/],
    [
      'reversed offsets',
      buildSafetensors(`{"a":${tensor('F32', [2], 8, 0)}}`, 8),
      /"a": its data ends \(0\) before it begins \(8\)/,
    ],
    [
      'too few bytes for the shape',
      buildSafetensors(`{"a":${tensor('F32', [3], 0, 8)}}`, 8),
      /\[3\] of F32 needs 12 bytes, its data has 8/,
    ],
    [
      'too many bytes for the shape',
      buildSafetensors(`{"a":${tensor('F32', [], 0, 8)}}`, 8),
      /\[\] of F32 needs 4 bytes/,
    ],
    [
      'a product that overflows',
      buildSafetensors(`{"a":${tensor('F32', [2 ** 32, 2 ** 32], 0, 0)}}`, 0),
      /too many elements/,
    ],
    [
      'a product that overflows to zero',
      buildSafetensors(`{"a":${tensor('F32', [2 ** 40, 2 ** 40, 0], 0, 0)}}`, 0),
      /too many/,
    ],
    ['bytes that overflow', buildSafetensors(`{"a":${tensor('F64', [2 ** 52], 0, 0)}}`, 0), /too many elements/],
    ['an offset over 2^53', buildSafetensors(one.replace('0,8', '0,9007199254740993'), 8), /2\^53 or more/],
    ['an offset of a hundred digits', buildSafetensors(one.replace('0,8', `0,${'9'.repeat(100)}`), 8), /2\^53 or more/],
    ['a negative dimension', buildSafetensors(one.replace('[2]', '[-2]'), 8), /whole number of 0 or more is missing/],
    ['a fraction', buildSafetensors(one.replace('[2]', '[2.0]'), 8), /expected/],
    ['an exponent', buildSafetensors(one.replace('[2]', '[2e0]'), 8), /expected/],
    ['a leading zero', buildSafetensors(one.replace('[2]', '[02]'), 8), /leading zeros/],
    ['a dimension in quotes', buildSafetensors(one.replace('[2]', '["2"]'), 8), /whole number/],
    ['65 dimensions', buildSafetensors(one.replace('[2]', `[2${',1'.repeat(64)}]`), 8), /more than 64 dimensions/],
    ['one offset', buildSafetensors(one.replace('[0,8]', '[8]'), 8), /not two numbers/],
    ['three offsets', buildSafetensors(one.replace('[0,8]', '[0,4,8]'), 8), /not two numbers/],
    ['a name twice', buildSafetensors(`{"a":${F32(0, 4)},"a":${F32(4, 8)}}`, 8), /"a" occurs twice/],
    [
      'a name twice, once escaped',
      buildSafetensors(`{"a":${F32(0, 4)},"\\u0061":${F32(4, 8)}}`, 8),
      /"a" occurs twice/,
    ],
    [
      'a field twice',
      buildSafetensors(one.replace('"shape"', '"shape":[2],"shape"'), 8),
      /"a": the field "shape" occurs twice/,
    ],
    ['metadata twice', buildSafetensors(`{"__metadata__":{},"__metadata__":{},"a":${F32(0, 8)}}`, 8), /occurs twice/],
    [
      'a metadata key twice',
      buildSafetensors('{"__metadata__":{"k":"1","k":"2"}}', 0),
      /"k" occurs twice in __metadata__/,
    ],
    ['metadata that is a number', buildSafetensors('{"__metadata__":{"k":1}}', 0), /other than strings/],
    ['metadata that is nested', buildSafetensors('{"__metadata__":{"k":{"a":"b"}}}', 0), /other than strings/],
    ['metadata that is a list', buildSafetensors('{"__metadata__":["k"]}', 0), /expected/],
    [
      '__proto__ as a field',
      buildSafetensors(one.replace('"shape"', '"__proto__":{"x":1},"shape"'), 8),
      /unknown field "__proto__"/,
    ],
    ['an unknown field', buildSafetensors(one.replace('"shape"', '"stride":[1],"shape"'), 8), /unknown field "stride"/],
    ['an unknown dtype', buildSafetensors(one.replace('F32', 'F33'), 8), /"a": unknown dtype "F33"/],
    ['a dtype off the prototype', buildSafetensors(one.replace('F32', 'toString'), 8), /unknown dtype/],
    ['no dtype', buildSafetensors(one.replace('"dtype":"F32",', ''), 8), /"a": no dtype/],
    ['no shape', buildSafetensors(one.replace('"shape":[2],', ''), 8), /no shape/],
    ['no offsets', buildSafetensors(one.replace(',"data_offsets":[0,8]', ''), 8), /no data_offsets/],
    ['a tensor that is null', buildSafetensors('{"a":null}', 0), /"a": "\{" expected/],
    ['deep nesting', buildSafetensors(`{"a":${'['.repeat(100_000)}`, 0), /expected/],
    ['a trailing comma', buildSafetensors(`${one.slice(0, -1)},}`, 8), /expected/],
    [
      'a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
      /Git LFS pointer/,
    ],
    ['a web page', Buffer.from('\n<!DOCTYPE html><html><body>Not found</body></html>'), /web page/],
    ['an XML error', Buffer.from('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), /web page/],
    ['a JSON error', Buffer.from('{"error":"Repository not found"}'), /JSON text/],
    ['a zip archive', Buffer.from('PK\x03\x04 and more of it'), /zip archive/],
    ['a bare pickle', Buffer.from('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', 'latin1'), /bare pickle/],
    [
      'a tar archive',
      Buffer.concat([Buffer.alloc(257, 'x'), Buffer.from('ustar\x0000'), Buffer.alloc(300)]),
      /tar archive/,
    ],
  ];
  it.each(HOSTILE)('refuses %s', async (_, bytes, message) => {
    const path = temporaryFile(folder, bytes);
    const error = await refusal(openSafetensors(path));
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(`${path}: `)).toBe(true);
    expect(error.message).not.toContain('\n');
  });

  it('refuses a header over 100 MB before it reads it', async () => {
    const path = temporaryFile(folder, buildSafetensors('{', 0, 100_000_001n));
    truncateSync(path, 200_000_000);
    expect((await refusal(openSafetensors(path))).message).toMatch(/100000001 bytes is over 100000000/);
  });

  it('refuses what is no file, and does not wait for it', async () => {
    expect((await refusal(openSafetensors(folder), 'unreadable')).message).toMatch(/is a directory/);
    expect((await refusal(openSafetensors('/dev/null'), 'unreadable')).message).toMatch(/is a device/);
    await refusal(openSafetensors(join(folder, 'missing')), 'not-found');
  });

  it('ends with a CocaError or a sound file, whatever the bytes', async () => {
    const sound = buildSafetensors(
      `{"__metadata__":{"k":"v"},"a":${F32(0, 8)},"b":${tensor('F16', [2, 1], 8, 12)}}`,
      12,
    );
    const mutation = fc.record({ at: fc.nat(sound.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => buildSafetensors(bytes, 8)),
      fc.array(mutation, { minLength: 1, maxLength: 4 }).map((mutations) => {
        const bytes = Buffer.from(sound);
        for (const { at, byte } of mutations) bytes[at] = byte;
        return bytes;
      }),
      fc.nat(sound.length).map((length) => sound.subarray(0, length)),
    );
    const path = join(folder, 'fuzzed');
    await fc.assert(
      fc.asyncProperty(anyBytes, async (bytes) => {
        writeFileSync(path, bytes);
        try {
          const file = await openSafetensors(path);
          const total = [...file.tensors.values()].reduce((sum, entry) => sum + entry.byteLength, 0);
          expect(total).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CocaError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('readTensor', () => {
  it('reads float32 as it is, and float16 and bfloat16 exactly', async () => {
    const data = Buffer.concat([
      bytesOf(Float32Array.of(1.5, -0, NaN)),
      bytesOf(Uint16Array.of(0x3c00, 0x0001, 0xfc00)),
      bytesOf(Uint16Array.of(0x3f80, 0x4049)),
    ]);
    const header = `{"f":${tensor('F32', [3], 0, 12)},"h":${tensor('F16', [3, 1], 12, 18)},"b":${tensor('BF16', [1, 2], 18, 22)}}`;
    const file = await openSafetensors(temporaryFile(folder, buildSafetensors(header, data)));
    expect([...(await readTensor(file, 'f'))]).toEqual([1.5, -0, NaN]);
    expect([...(await readTensor(file, 'h'))]).toEqual([1, 2 ** -24, -Infinity]);
    expect([...(await readTensor(file, 'b'))]).toEqual([1, 3.140625]);
  });

  it('reads tensors larger than one piece', async () => {
    const values = Float32Array.from({ length: 3_000_001 }, (_, i) => i);
    const path = join(folder, 'large.safetensors');
    await writeSafetensors(path, [{ name: 'a', dtype: 'F32', shape: [values.length], data: bytesOf(values) }]);
    const read = await readTensor(await openSafetensors(path), 'a');
    expect(Buffer.compare(bytesOf(read), bytesOf(values))).toBe(0);
  });

  it('refuses other types, names that are not there and files that changed', async () => {
    const path = temporaryFile(folder, buildSafetensors(`{"i":${tensor('I64', [1], 0, 8)},"f":${F32(8, 12)}}`, 12));
    const file = await openSafetensors(path);
    expect((await refusal(readTensor(file, 'i'))).message).toMatch(/"i".*I64/);
    expect((await refusal(readTensor(file, 'toString'))).message).toMatch(/no tensor "toString"/);
    truncateSync(path, 100);
    await refusal(readTensor(file, 'f'), 'unreadable');
  });
});

describe('firstNonFinite', () => {
  it('finds the first NaN or infinity of each weight type', async () => {
    const data = Buffer.concat([
      bytesOf(Float32Array.of(1, 3.4e38, -Infinity, NaN)),
      bytesOf(Uint16Array.of(0x7bff, 0x7c01)),
      bytesOf(Uint16Array.of(0x7f7f, 0xff80)),
      bytesOf(Float32Array.of(0, 1)),
    ]);
    const header = `{"f":${tensor('F32', [4], 0, 16)},"h":${tensor('F16', [2], 16, 20)},"b":${tensor('BF16', [2], 20, 24)},"ok":${F32(24, 32)}}`;
    const file = await openSafetensors(temporaryFile(folder, buildSafetensors(header, data)));
    const found = await Promise.all(['f', 'h', 'b', 'ok'].map((name) => firstNonFinite(file, name)));
    expect(found).toEqual([2, 1, 1, -1]);
  });
});

describe('writeSafetensors', () => {
  async function* pieces(bytes: Uint8Array, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it('writes what openSafetensors reads, larger elements first, each aligned', async () => {
    const f32 = bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6));
    const f16 = bytesOf(Uint16Array.of(0x3c00, 0x4000, 0x4200));
    const i64 = new Uint8Array(8).fill(7);
    const tensors: TensorToWrite[] = [
      { name: 'u8', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
      { name: 'f16', dtype: 'F16', shape: [3], data: pieces(f16, 1) },
      { name: 'f32.b', dtype: 'F32', shape: [2, 3], data: pieces(f32, 5) },
      { name: 'f32.a é"', dtype: 'F32', shape: [], data: f32.subarray(0, 4) },
      { name: 'none', dtype: 'F32', shape: [0], data: new Uint8Array(0) },
      { name: 'i64', dtype: 'I64', shape: [1], data: i64 },
    ];
    const path = join(folder, 'written.safetensors');
    await writeSafetensors(path, tensors, { format: 'pt' });
    const file = await openSafetensors(path);
    expect([...file.tensors.keys()]).toEqual(['i64', 'f32.a é"', 'f32.b', 'none', 'f16', 'u8']);
    expect([...file.metadata]).toEqual([['format', 'pt']]);
    for (const { dtype, offset } of file.tensors.values()) {
      expect(offset % { I64: 8, F32: 4, F16: 2, U8: 1 }[dtype as 'I64']).toBe(0);
    }
    expect([...(await readTensor(file, 'f32.b'))]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await readTensor(file, 'f16'))]).toEqual([1, 2, 3]);
    const { offset } = file.tensors.get('u8')!;
    expect([...readFileSync(path).subarray(offset)]).toEqual([1, 2, 3]);
  });

  it('round-trips any names, shapes and data', async () => {
    const path = join(folder, 'any.safetensors');
    const anyTensor = fc.record({
      name: fc.string({ unit: 'binary', maxLength: 12 }).filter((name) => name !== '__metadata__'),
      dtype: fc.constantFrom('F32', 'F16', 'U8', 'I64'),
      shape: fc.array(fc.nat(4), { maxLength: 3 }),
      byte: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anyTensor, { selector: (t) => t.name, maxLength: 6 }), async (list) => {
        const bytes = { F32: 4, F16: 2, U8: 1, I64: 8 };
        const tensors = list.map(({ name, dtype, shape, byte }) => {
          const data = new Uint8Array(shape.reduce((product, d) => product * d, bytes[dtype as 'F32'])).fill(byte);
          return { name, dtype: dtype as 'F32', shape, data };
        });
        await writeSafetensors(path, tensors);
        const written = readFileSync(path);
        const file = await openSafetensors(path);
        expect(file.tensors.size).toBe(tensors.length);
        for (const { name, dtype, shape, data } of tensors) {
          const entry = file.tensors.get(name)!;
          expect(entry).toMatchObject({ dtype, shape, byteLength: data.length });
          expect(Buffer.compare(written.subarray(entry.offset, entry.offset + entry.byteLength), data)).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leaves an existing file as it was, and nothing else, when it fails', async () => {
    const place = join(folder, 'failing');
    await mkdir(place);
    const path = join(place, 'a.safetensors');
    writeFileSync(path, 'before');
    const broken = (async function* () {
      yield new Uint8Array(4);
      throw new Error('the source went away');
    })();
    const write = (data: TensorToWrite['data']) =>
      writeSafetensors(path, [{ name: 'a', dtype: 'F32', shape: [2], data }]);
    await expect(write(broken)).rejects.toThrow('the source went away');
    await expect(write(new Uint8Array(7))).rejects.toThrow(/needs 8 bytes, 7 given/);
    await expect(write(pieces(new Uint8Array(16), 4))).rejects.toThrow(/needs 8 bytes, 12 given/);
    expect(readdirSync(place)).toEqual(['a.safetensors']);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it('refuses a name twice and the reserved one', async () => {
    const path = join(folder, 'names.safetensors');
    const named = (name: string): TensorToWrite => ({ name, dtype: 'U8', shape: [0], data: new Uint8Array(0) });
    await expect(writeSafetensors(path, [named('a'), named('a')])).rejects.toThrow(RangeError);
    await expect(writeSafetensors(path, [named('__metadata__')])).rejects.toThrow(RangeError);
    expect(existsSync(path)).toBe(false);
  });

  it('says where it cannot write', async () => {
    const path = join(folder, 'no such folder', 'a.safetensors');
    expect((await refusal(writeSafetensors(path, []), 'write-failed')).message).toContain(path);
    const taken = join(folder, 'taken');
    await mkdir(taken);
    await refusal(writeSafetensors(taken, []), 'write-failed');
    expect(statSync(taken).isDirectory()).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
