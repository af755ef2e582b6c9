import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../../src/model/base/errors.js';
import {
  convertTorchCheckpoint,
  listTensors,
  openCheckpoint,
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  writeSafetensors,
} from '../../../../src/model/checkpoint/index.js';
import { assemble, global, ORDERED_DICT, stateDict, storage, tensor, text } from '../build-pickle.js';
import { buildTorchZip, buildZip } from '../build-zip.js';
import { refusal, temporaryFile, temporaryFolder } from '../temporary.js';

const folder = temporaryFolder();
const cacheDir = join(folder, 'cache', 'converted');
const six = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);

function bytesOf(file: SafetensorsFile, name: string): Buffer {
  const { offset, byteLength } = file.tensors.get(name)!;
  return readFileSync(file.path).subarray(offset, offset + byteLength);
}

async function floats(file: SafetensorsFile, name: string): Promise<number[]> {
  return [...(await readTensor(file, name))];
}

describe('conversion of torch.save archives', () => {
  it.each(['pooled', 'cascade', 'unpooled'])('gives %s the tensors of its safetensors, bit for bit', async (name) => {
    const converted = await openCheckpoint(`fixtures/golden/${name}/open_clip_pytorch_model.bin`, { cacheDir });
    const reference = await openCheckpoint(`fixtures/golden/${name}/open_clip_model.safetensors`, { cacheDir });
    expect([...converted.tensors.keys()].sort()).toEqual([...reference.tensors.keys()].sort());
    for (const [tensorName, { dtype, shape, byteLength }] of reference.tensors) {
      expect(converted.tensors.get(tensorName)).toMatchObject({ dtype, shape, byteLength });
      expect(Buffer.compare(bytesOf(converted, tensorName), bytesOf(reference, tensorName))).toBe(0);
    }
  });

  it('writes views of every kind row-major', async () => {
    const file = await openCheckpoint('fixtures/torch/views.bin', { cacheDir });
    const shapes = Object.fromEntries([...file.tensors].map(([name, { dtype, shape }]) => [name, [dtype, ...shape]]));
    expect(shapes).toEqual({
      transposed: ['F32', 6, 4],
      columns: ['F32', 4, 2],
      stepped: ['F32', 2, 2],
      permuted: ['F32', 4, 2, 3],
      tied_a: ['F32', 12],
      tied_b: ['F32', 12],
      part: ['F32', 4],
      scalar: ['F32'],
      empty: ['F32', 0, 3],
      one_row: ['F32', 6, 1],
      half: ['F16', 3, 2],
      brain: ['BF16', 3, 2],
      double: ['F32', 3, 2], // as PyTorch loads it into a model
      long: ['I64', 3, 2],
      bool: ['BOOL', 2, 2],
    });
    const counting = Array.from({ length: 12 }, (_, i) => i);
    const columnsOf = (row: number) => [row, row + 6, row + 12, row + 18];
    expect(await floats(file, 'transposed')).toEqual([0, 1, 2, 3, 4, 5].flatMap(columnsOf));
    expect(await floats(file, 'columns')).toEqual([1, 2, 7, 8, 13, 14, 19, 20]);
    expect(await floats(file, 'stepped')).toEqual([0, 3, 12, 15]);
    expect(await floats(file, 'permuted')).toEqual(
      [0, 1, 2, 3].flatMap((i) => [0, 4, 8, 12, 16, 20].map((j) => i + j)),
    );
    expect(await floats(file, 'tied_a')).toEqual(counting);
    expect(await floats(file, 'tied_b')).toEqual(counting);
    expect(await floats(file, 'part')).toEqual([4, 5, 6, 7]);
    expect(await floats(file, 'scalar')).toEqual([7]);
    expect(await floats(file, 'empty')).toEqual([]);
    expect(await floats(file, 'one_row')).toEqual([6, 7, 8, 9, 10, 11]);
    expect(await floats(file, 'half')).toEqual([0, 3, 1, 4, 2, 5]);
    expect(await floats(file, 'brain')).toEqual([0, 3, 1, 4, 2, 5]);
    expect(await floats(file, 'double')).toEqual([0, 3, 1, 4, 2, 5]);
    const i64 = bytesOf(file, 'long');
    expect([0, 8, 16, 24, 32, 40].map((at) => Number(i64.readBigInt64LE(at)))).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...bytesOf(file, 'bool')]).toEqual([1, 1, 0, 1]);
  });

  it.each(['training.pt', 'training_legacy.pt'])(
    'takes the state dict out of %s, and module. off its names',
    async (name) => {
      const file = await openCheckpoint(`fixtures/torch/${name}`, { cacheDir });
      expect([...file.tensors.keys()]).toEqual(['a.bias', 'a.weight', 'b.bias', 'b.weight']);
      expect(file.tensors.get('a.weight')!.shape).toEqual([2, 3]);
      expect(await floats(file, 'a.weight')).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await floats(file, 'a.bias')).toEqual([10, 11]);
      expect(await floats(file, 'b.weight')).toEqual([20, 21]);
      expect(await floats(file, 'b.bias')).toEqual([30]);
    },
  );

  it('reads parameters as PyTorch wrote them before 1.6, also without converting', async () => {
    const file = await openCheckpoint('fixtures/torch/legacy.pt', { cacheDir });
    expect(await floats(file, 'weight')).toEqual([0, 1, 2, 3]);
    expect(await floats(file, 'frozen')).toEqual([1, 1]);
    const list = await listTensors('fixtures/torch/legacy.pt');
    expect([...list.tensors]).toEqual([
      ['weight', { dtype: 'F32', shape: [4] }],
      ['frozen', { dtype: 'F32', shape: [2] }],
    ]);
  });

  it.each([
    [(bytes: Buffer) => bytes.subarray(0, bytes.length - 1), /ends within its weights/],
    [(bytes: Buffer) => Buffer.concat([bytes.subarray(0, 40), bytes.subarray(60)]), /at byte \d+/],
    [(bytes: Buffer) => Buffer.from(bytes).fill(0x4b, 3, 4), /at byte 0|not a file of torch.save/],
  ])('refuses such a file that is not whole', async (spoil, message) => {
    const place = join(folder, 'spoiled');
    const path = temporaryFile(folder, spoil(readFileSync('fixtures/torch/legacy.pt')), '.pt');
    expect((await refusal(openCheckpoint(path, { cacheDir: place }))).message).toMatch(message);
    expect(existsSync(place)).toBe(false);
  });

  it('rounds doubles of a safetensors file, once', async () => {
    const path = join(folder, 'double.safetensors');
    const doubles = new Float64Array([1 / 3, 2, -1e-60]);
    await writeSafetensors(path, [
      { name: 'd', dtype: 'F64', shape: [3], data: new Uint8Array(doubles.buffer) },
      { name: 's', dtype: 'F32', shape: [1], data: new Uint8Array(Float32Array.of(7).buffer) },
    ]);
    const file = await openCheckpoint(path, { cacheDir });
    expect(file.path).not.toBe(path);
    expect(await floats(file, 'd')).toEqual([Math.fround(1 / 3), 2, -0]);
    expect(await floats(file, 's')).toEqual([7]);
    expect((await openCheckpoint(path, { cacheDir })).path).toBe(file.path);
  });

  it.each([
    [['_orig_mod.a', '_orig_mod.b'], ['a', 'b'], '_orig_mod.'],
    [['module._orig_mod.a', 'module._orig_mod.module'], ['a', 'module'], 'module._orig_mod.'],
    [['module._orig_mod.a', 'module.b'], ['_orig_mod.a', 'b'], 'module.'],
    [['a', 'module.b'], ['a', 'module.b'], undefined],
  ])('of the names %j makes %j', async (names, expected, prefix) => {
    const archive = buildTorchZip(stateDict(Object.fromEntries(names.map((name) => [name, tensor()]))), { 0: six });
    const path = temporaryFile(folder, archive);
    const file = await openCheckpoint(path, { cacheDir });
    expect([...file.tensors.keys()]).toEqual(expected);
    expect(file.spelling?.prefix).toBe(prefix ?? '');
    expect([...file.tensors.values()].map(({ name }) => name)).toEqual(names);
    expect([...(await listTensors(path)).tensors.keys()]).toEqual(expected);
    await expect(readTensor(file, 'c')).rejects.toMatchObject({
      message: `${path}: no tensor "${prefix ?? ''}c"`,
    });
  });

  it.each([1, 2, 3, 4, 5])('reads parameters pickled with protocol %d', async (protocol) => {
    const file = await openCheckpoint(`fixtures/torch/parameters_protocol${protocol}.pt`, { cacheDir });
    expect(await floats(file, 'weight')).toEqual([0, 1, 2, 3]);
    expect(await floats(file, 'frozen')).toEqual([1, 1]);
  });

  it('gathers strided tensors of any shape', async () => {
    const place = join(folder, 'gathered');
    // A permuted, stepped view over a buffer of counting numbers, against its definition.
    const anyView = fc
      .array(fc.record({ size: fc.integer({ min: 1, max: 4 }), step: fc.integer({ min: 1, max: 3 }) }), {
        maxLength: 4,
      })
      .chain((dimensions) =>
        fc.tuple(
          fc.constant(dimensions),
          fc.shuffledSubarray([...dimensions.keys()], { minLength: dimensions.length }),
          fc.nat(3),
        ),
      );
    await fc.assert(
      fc.asyncProperty(anyView, async ([dimensions, order, first]) => {
        let extent = 1;
        const strides = new Array<number>(dimensions.length).fill(0);
        for (const d of order) {
          strides[d] = extent * dimensions[d]!.step;
          extent *= dimensions[d]!.size * dimensions[d]!.step;
        }
        const shape = dimensions.map(({ size }) => size);
        const count = first + extent;
        const values = Float32Array.from({ length: count }, (_, i) => i);
        const view = tensor({ storage: storage({ count }), offset: first, size: shape, stride: strides });
        const archive = buildTorchZip(stateDict({ a: view }), { 0: new Uint8Array(values.buffer) });
        const file = await openCheckpoint(temporaryFile(folder, archive, '.bin'), { cacheDir: place });
        const expected = shape.reduce<number[]>(
          (starts, size, d) =>
            starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * strides[d]!)),
          [first],
        );
        expect(await floats(file, 'a')).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('converts once, finds the conversion again, and makes a new one of a changed file', async () => {
    const place = join(folder, 'once');
    const path = join(folder, 'once.bin');
    copyFileSync('fixtures/torch/views.bin', path);
    const first = await convertTorchCheckpoint(path, place);
    utimesSync(first, 1, 1);
    symlinkSync(path, join(folder, 'link.bin'));
    expect(await convertTorchCheckpoint(join(folder, 'link.bin'), place)).toBe(first);
    expect(readdirSync(place)).toHaveLength(1);

    truncateSync(first, 1000);
    expect(await convertTorchCheckpoint(path, place)).toBe(first);
    expect((await openSafetensors(first)).tensors.size).toBe(15);

    // Other contents of the same size, made to look as old as the first.
    const bytes = readFileSync('fixtures/torch/parameters_protocol2.pt');
    const other = join(folder, 'parameters.bin');
    writeFileSync(other, bytes);
    utimesSync(other, 1, 1);
    const before = await convertTorchCheckpoint(other, place);
    writeFileSync(other, readFileSync('fixtures/torch/parameters_protocol3.pt'));
    utimesSync(other, 1, 1);
    expect(bytes.length).toBe(readFileSync(other).length);
    expect(await convertTorchCheckpoint(other, place)).not.toBe(before);
  });

  it('is done by several at once', async () => {
    const place = join(folder, 'crowd');
    const calls = Array.from({ length: 8 }, () =>
      convertTorchCheckpoint('fixtures/golden/unpooled/open_clip_pytorch_model.bin', place),
    );
    const paths = new Set(await Promise.all(calls));
    expect(paths.size).toBe(1);
    expect(readdirSync(place)).toHaveLength(1);
    expect((await openSafetensors([...paths][0]!)).tensors.size).toBe(118);
  });

  it('clears away what a killed conversion left, and nothing else', async () => {
    const place = join(folder, 'killed');
    mkdirSync(place);
    const target = await convertTorchCheckpoint('fixtures/torch/views.bin', place);
    const name = target.slice(place.length + 1);
    const old = [`.${name}.0123456789ab.tmp`, '.other.safetensors.0123456789ab.tmp', 'notes.tmp'];
    for (const file of old) {
      writeFileSync(join(place, file), '');
      utimesSync(join(place, file), 1, 1);
    }
    writeFileSync(join(place, `.${name}.ba9876543210.tmp`), 'of a conversion that is running');
    truncateSync(target, 0);
    await convertTorchCheckpoint('fixtures/torch/views.bin', place);
    expect(readdirSync(place).sort()).toEqual([`.${name}.ba9876543210.tmp`, ...old.slice(1), name].sort());
  });

  it('leaves nothing in the cache when the weights turn out to be damaged', async () => {
    const place = join(folder, 'damaged');
    const bytes = readFileSync('fixtures/torch/views.bin');
    const at = bytes.indexOf(Buffer.from(Float32Array.of(20, 21, 22, 23).buffer));
    bytes[at]! ^= 1;
    const error = await refusal(convertTorchCheckpoint(temporaryFile(folder, bytes, '.bin'), place));
    expect(error.message).toMatch(/zip entry "views\/data\/\d+": its checksum/);
    expect(readdirSync(place)).toEqual([]);
  });

  it('says where it cannot write', async () => {
    const taken = temporaryFile(folder, 'a file where the cache should be');
    const error = await refusal(convertTorchCheckpoint('fixtures/torch/views.bin', taken), 'write-failed');
    expect(error.message).toContain(taken);
  });
});

describe('archives that are refused', () => {
  const sound = stateDict({ a: tensor() });
  const system = assemble(global('posix', 'system'), text('touch owned'), 0x85, 'R');
  const shared = Object.fromEntries(
    Array.from({ length: 400 }, (_, i) => [
      `t${i}`,
      tensor({ storage: storage({ count: 5000 }), size: [5000], stride: [1] }),
    ]),
  );
  const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      'a hostile pickle',
      buildTorchZip(stateDict({ a: tensor(), b: system }), { 0: six }),
      /data\.pkl: refused: it asks for "posix\.system".*\(GLOBAL at byte \d+\)/,
    ],
    [
      'a storage shorter than declared',
      buildTorchZip(sound, { 0: six.subarray(4) }),
      /"a": its storage has 20 bytes, 24 are declared/,
    ],
    [
      'a storage longer than declared',
      buildTorchZip(sound, { 0: Buffer.concat([six, six]) }),
      /has 48 bytes, 24 are declared/,
    ],
    ['a missing storage', buildTorchZip(sound, { 1: six }), /"a": its storage data\/"0" is missing/],
    [
      'a storage key that climbs',
      buildTorchZip(stateDict({ a: tensor({ storage: storage({ key: '../data.pkl' }) }) }), { 0: six }),
      /is missing/,
    ],
    [
      'two pickles',
      buildZip([
        { name: 'a/data.pkl', data: sound },
        { name: 'b/data.pkl', data: sound },
        { name: 'a/data/0', data: six },
      ]),
      /2 entries called data\.pkl/,
    ],
    ['no pickle', buildZip([{ name: 'word/document.xml', data: six }]), /without data\.pkl/],
    ['big-endian data', buildTorchZip(sound, { 0: six }, { byteorder: 'big' }), /byte order is "big"/],
    ['a damaged pickle', buildZip([{ name: 'a/data.pkl', data: sound, crc: 5 }]), /"a\/data\.pkl": its checksum/],
    ['an enormous pickle', buildTorchZip(Buffer.alloc(16 * 1024 * 1024 + 1)), /over 16777216/],
    [
      'storages shared beyond reason',
      buildTorchZip(stateDict(shared), { 0: new Uint8Array(20_000) }),
      /storages shared beyond reason/,
    ],
  ];

  const deflated = deflateRawSync(Buffer.alloc(1_000_000));
  it.each([
    ['a pickle', { name: 'a/data.pkl', data: deflated }, { name: 'a/data/0', data: six, method: 0 }],
    ['a storage that is a bomb', { name: 'a/data.pkl', data: sound, method: 0 }, { name: 'a/data/0', data: deflated }],
  ])('%s that is compressed', async (_, pickle, weights) => {
    const bytes = buildZip([
      { method: 8, ...pickle },
      { method: 8, ...weights },
    ]);
    const error = await refusal(openCheckpoint(temporaryFile(folder, bytes), { cacheDir }));
    expect(error.message).toMatch(/is compressed \(method 8\)/);
  });

  it.each(REFUSED)('%s', async (_, bytes, message) => {
    const place = join(folder, 'refused');
    const path = temporaryFile(folder, bytes, '.bin');
    const error = await refusal(openCheckpoint(path, { cacheDir: place }));
    expect(error.message).toMatch(message);
    expect(error.message.startsWith(path)).toBe(true);
    expect(existsSync(place)).toBe(false);
  });

  it.each([['fixtures/torch/torchscript.pt', /TorchScript program/, /torch\.jit\.load/]])(
    '%s, saying how to convert it',
    async (path, message, hint) => {
      const error = await refusal(openCheckpoint(path, { cacheDir }));
      expect(error.message).toMatch(message);
      expect(error.hint).toMatch(hint);
    },
  );

  it('refuses a pickle of parts that is as large as allowed within its budget', async () => {
    const bytes = buildTorchZip(assemble(0x80, 2, ORDERED_DICT, '}0'.repeat(8_000_000)));
    expect((await refusal(openCheckpoint(temporaryFile(folder, bytes), { cacheDir }))).message).toMatch(/more work/);
  });

  it('or read, whatever is changed in a sound one', async () => {
    const bytes = readFileSync('fixtures/torch/views.bin');
    const path = join(folder, 'fuzzed.bin');
    const place = join(folder, 'fuzzed');
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of list) changed[at] = byte;
        writeFileSync(path, changed);
        try {
          await openCheckpoint(path, { cacheDir: place });
        } catch (error) {
          expect(error).toBeInstanceOf(CocaError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
