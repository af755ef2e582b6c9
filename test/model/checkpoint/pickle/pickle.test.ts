import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../../src/model/base/errors.js';
import { readStateDict } from '../../../../src/model/checkpoint/torch/torch-pickle.js';
import { assemble, global, integer, ORDERED_DICT, stateDict, storage, tensor, text, tuple } from '../build-pickle.js';

function messageOf(pickle: Uint8Array): string {
  try {
    readStateDict('model.bin: data.pkl', pickle);
  } catch (error) {
    expect(error).toBeInstanceOf(CocaError);
    expect((error as CocaError).code).toBe('bad-checkpoint');
    return (error as CocaError).message;
  }
  return 'accepted';
}

/** Names that picklescan, fickling and the literature know as ways to run code or reach the system. */
const DANGEROUS: readonly (readonly [string, string])[] = [
  ['os', 'system'],
  ['posix', 'system'],
  ['nt', 'system'],
  ['os', 'popen'],
  ['os', 'execv'],
  ['subprocess', 'Popen'],
  ['subprocess', 'check_output'],
  ['builtins', 'eval'],
  ['builtins', 'exec'],
  ['builtins', 'compile'],
  ['builtins', 'getattr'],
  ['builtins', '__import__'],
  ['builtins', 'open'],
  ['__builtin__', 'eval'],
  ['__builtin__', 'getattr'],
  ['runpy', '_run_code'],
  ['pty', 'spawn'],
  ['socket', 'create_connection'],
  ['webbrowser', 'open'],
  ['shutil', 'rmtree'],
  ['timeit', 'timeit'],
  ['cProfile', 'run'],
  ['pdb', 'run'],
  ['code', 'interact'],
  ['bdb', 'Bdb.run'],
  ['operator', 'attrgetter'],
  ['functools', 'partial'],
  ['importlib', 'import_module'],
  ['pickle', 'loads'],
  ['_pickle', 'loads'],
  ['marshal', 'loads'],
  ['types', 'FunctionType'],
  ['types', 'CodeType'],
  ['ctypes', 'CDLL'],
  ['pip', 'main'],
  ['venv', 'create'],
  ['ensurepip', '_run_pip'],
  ['idlelib.run', 'Executive.runcode'],
  ['lib2to3.pgen2.grammar', 'Grammar.loads'],
  ['requests.api', 'get'],
  ['httplib', 'HTTPSConnection'],
  ['aiohttp.client', 'ClientSession'],
  ['numpy.testing._private.utils', 'runstring'],
  ['numpy.core.multiarray', '_reconstruct'],
  ['numpy', 'load'],
  ['torch', 'load'],
  ['torch.hub', 'load'],
  ['torch._inductor.codecache', 'compile_file'],
  ['torch.jit.unsupported_tensor_ops', 'execWrapper'],
  ['torch.utils._config_module', 'ConfigModule.load_config'],
  ['torch._dynamo.guards', 'GuardBuilder.get'],
  ['torch.nn.modules.linear', 'Linear'],
  ['torch._utils', '_rebuild_tensor'],
  ['torch', 'Tensor'],
  ['torch.storage', '_load_from_bytes'],
  ['collections', 'OrderedDict.__init__'],
  ['collections', 'OrderedDict.update'],
  ['collections', 'namedtuple'],
  ['collections', ''],
  ['', ''],
  ['_codecs', 'encode'],
  ['copyreg', '_reconstructor'],
  ['copy_reg', 'add_extension'],
  ['argparse', 'Namespace'],
  ['asyncio.unix_events', '_UnixSubprocessTransport._start'],
  ['sys', 'exit'],
];

const stackGlobal = (module: string, name: string) => assemble(text(module), text(name), 0x93);

describe('globals', () => {
  it.each(DANGEROUS)('refuses %s.%s by name, through GLOBAL, STACK_GLOBAL and INST', (module, name) => {
    const args = tuple(text('touch /tmp/owned'));
    const ends = [
      assemble(global(module, name), args, 'R.'),
      assemble(0x80, 4, stackGlobal(module, name), args, 'R.'),
      assemble('(', text('touch /tmp/owned'), `i${module}\n${name}\n.`),
      // Hidden within a sound state dict, as the value of a tensor, and by way of the memo.
      stateDict({ a: tensor(), b: assemble(global(module, name), args, 'R') }),
      assemble(0x80, 4, text(module), 0x94, text(name), 0x94, '00h', 0, 'h', 1, 0x93, args, 'R.'),
    ];
    for (const pickle of ends) expect(messageOf(pickle)).toContain(`"${module}.${name}"`);
  });

  it.each([
    ['storage', 'torch', 'FloatStorage'],
    ['OrderedDict', 'collections', 'OrderedDict'],
  ])('refuses OBJ, NEWOBJ and NEWOBJ_EX even of the allowed %s', (_, module, name) => {
    const named = `${module}.${name}`;
    expect(messageOf(assemble('(', global(module, name), 'o.'))).toMatch(`OBJ of ${named}`);
    expect(messageOf(assemble(0x80, 2, global(module, name), ')', 0x81, '.'))).toMatch(`NEWOBJ of ${named}`);
    expect(messageOf(assemble(0x80, 4, global(module, name), ')}', 0x92, '.'))).toMatch(`NEWOBJ_EX of ${named}`);
  });

  it.each([
    ['EXT1', assemble(0x80, 2, 0x82, 1, '.'), /EXT1 \(code 1 of/],
    ['EXT2', assemble(0x80, 2, 0x83, 1, 2, '.'), /EXT2 \(code 513 of/],
    ['EXT4', assemble(0x80, 2, 0x84, 1, 0, 0, 0, '.'), /EXT4 \(code 1 of/],
    ['a set', assemble(0x80, 4, 0x8f, '(', 0x90, '.'), /EMPTY_SET/],
    ['a frozen set', assemble(0x80, 4, '(', 0x91, '.'), /FROZENSET/],
    ['a bytearray', assemble(0x80, 5, 0x96, integer(0).subarray(1), integer(0).subarray(1), '.'), /BYTEARRAY8/],
    ['an out-of-band buffer', assemble(0x80, 5, 0x97, '.'), /NEXT_BUFFER/],
    ['REDUCE of a string', assemble(text('os.system'), ')R.'), /REDUCE calls a string/],
    ['REDUCE of None', assemble('N)R.'), /REDUCE calls None/],
    ['REDUCE of a storage type', assemble(global('torch', 'FloatStorage'), ')R.'), /REDUCE calls torch.FloatStorage/],
    ['REDUCE of a tensor', assemble(tensor(), ')R.'), /REDUCE calls a tensor/],
    ['REDUCE without a tuple', assemble(global('collections', 'OrderedDict'), ']R.'), /REDUCE with a list/],
    ['OrderedDict of items', assemble(global('collections', 'OrderedDict'), '](', text('a'), 'NeR.'), /REDUCE/],
    [
      'OrderedDict of a list',
      assemble(global('collections', 'OrderedDict'), ']', 0x85, 'R.'),
      /OrderedDict with arguments/,
    ],
    ['STACK_GLOBAL of numbers', assemble(0x80, 4, integer(1), integer(2), 0x93, '.'), /name that is no string/],
    ['a global split across a newline', assemble(0x80, 4, stackGlobal('collections OrderedDict', ''), '.'), /refused/],
  ])('refuses %s', (_, pickle, message) => {
    expect(messageOf(pickle)).toMatch(message);
  });
});

describe('BUILD', () => {
  const metadata = assemble('}', text('_metadata'), ORDERED_DICT, 's');
  const empty = assemble(ORDERED_DICT, text('a'), tensor(), 's');

  it('takes the _metadata of a state dict', () => {
    expect(messageOf(assemble(empty, metadata, 'b.'))).toBe('accepted');
  });

  it.each([
    ['another attribute', assemble(empty, '}', text('__class__'), 'Nsb.')],
    ['a second attribute', assemble(empty, metadata, text('update'), 'Nsb.')],
    ['no attribute', assemble(empty, '}b.')],
    ['a slot state', assemble(empty, 'N', metadata, 0x86, 'b.')],
    ['a state that is no dict', assemble(empty, text('_metadata'), 'b.')],
    ['a plain dict', assemble('}', metadata, 'b.')],
    ['a tensor', assemble(tensor(), metadata, 'b.')],
    ['a storage type', assemble(global('torch', 'FloatStorage'), metadata, 'b.')],
    ['the OrderedDict type', assemble(global('collections', 'OrderedDict'), metadata, 'b.')],
    ['a list', assemble(']', metadata, 'b.')],
  ])('refuses %s', (_, pickle) => {
    expect(messageOf(pickle)).toMatch(/refused: BUILD sets attributes of /);
  });
});

describe('persistent ids', () => {
  it.each([
    ['a string', assemble(text('0'), 'Q.'), /a persistent id that is no storage/],
    ['a text id', assemble('P0\n.'), /PERSID "0"/],
    ['another tag', stateDict({ a: storage({ tag: 'module' }) }), /no storage/],
    [
      'four fields',
      assemble(tuple(text('storage'), global('torch', 'FloatStorage'), text('0'), text('cpu')), 'Q.'),
      /no storage/,
    ],
    ['no fields', assemble(')Q.'), /no storage/],
    ['a type that is a string', stateDict({ a: storage({ type: text('FloatStorage') }) }), /whose type is a string/],
    [
      'a type that is OrderedDict',
      stateDict({ a: storage({ type: global('collections', 'OrderedDict') }) }),
      /whose type is collections/,
    ],
    ['a quantised type', stateDict({ a: storage({ type: global('torch', 'QInt8Storage') }) }), /"torch.QInt8Storage"/],
    ['a negative size', stateDict({ a: storage({ count: -1 }) }), /storage size of -1/],
    ['a size of 2^60', stateDict({ a: storage({ count: 2n ** 60n }) }), /storage size of 1152921504606846976/],
    ['a size of 2^52', stateDict({ a: storage({ count: 2n ** 52n }) }), /2\^53 bytes/],
  ])('refuses %s', (_, pickle, message) => {
    expect(messageOf(pickle)).toMatch(message);
  });
});

describe('the machine', () => {
  it.each([
    ['nothing', Buffer.alloc(0), /ends without STOP/],
    ['no STOP', stateDict({ a: tensor() }).subarray(0, -1), /ends without STOP/],
    ['STOP at once', assemble('.'), /too few values/],
    ['bytes after STOP', assemble(stateDict({ a: tensor() }), 'x'), /1 bytes follow STOP/],
    ['values left over', assemble('NN.'), /left over at STOP/],
    ['an open MARK', assemble('(N.'), /left over at STOP/],
    ['a MARK that hides the stack', assemble('N(.'), /too few values/],
    ['an unknown opcode', assemble(0xff), /unknown opcode 0xff/],
    ['protocol 6', assemble(0x80, 6, 'N.'), /protocol 6/],
    ['POP of nothing', assemble('0'), /POP/],
    ['DUP of nothing', assemble('2'), /too few/],
    ['REDUCE of one value', assemble(')R'), /too few/],
    ['TUPLE3 of two', assemble('NN', 0x87), /too few/],
    ['TUPLE without MARK', assemble('Nt'), /MARK is missing/],
    ['POP_MARK without MARK', assemble('1'), /MARK is missing/],
    ['BUILD of one value', assemble('}b'), /too few/],
    ['BINPERSID of nothing', assemble('Q'), /too few/],
    ['MEMOIZE of nothing', assemble(0x80, 4, 0x94), /too few/],
    ['STACK_GLOBAL of one', assemble(0x80, 4, text('os'), 0x93), /too few/],
    ['a dangling memo', assemble('h', 7, '.'), /memo entry 7 was never made/],
    ['a dangling long memo', assemble('j', 255, 255, 255, 255, '.'), /memo entry 4294967295/],
    ['a text memo index', assemble('gx\n.'), /malformed memo index/],
    ['a negative memo index', assemble('Np-1\n.'), /malformed memo index/],
    ['SETITEM on a list', assemble(']NNs.'), /set on a list/],
    ['SETITEM on a type', assemble(global('collections', 'OrderedDict'), 'NNs.'), /set on collections.OrderedDict/],
    ['APPEND to a dict', assemble('}Na.'), /appended to dict/],
    ['a key without a value', assemble('}(Nu.'), /key without a value/],
    ['a list as a key', assemble('}]Ns.'), /a list as the key/],
    ['a key twice', assemble('}(', text('a'), 'N', text('a'), 'Nu.'), /"a" is set twice/],
    ['a string cut short', assemble('X', 10, 0, 0, 0, 'abc'), /10 bytes expected, 3 left/],
    ['a string of 4 GB', assemble('X', 255, 255, 255, 255, 'abc'), /4294967295 bytes expected/],
    ['bytes of 2^64', assemble(0x8e, ...new Array<number>(8).fill(255), 'abc'), /bytes expected/],
    ['a string that is no UTF-8', assemble('X', 1, 0, 0, 0, 0xff, '.'), /not valid UTF-8/],
    ['a line without end', assemble('cos\nsystem'), /line without end/],
    ['an overlong line', assemble('c', 'x'.repeat(10_000), '\nsystem\n'), /overlong line/],
    ['a frame past the end', assemble(0x80, 4, 0x95, 99, 0, 0, 0, 0, 0, 0, 0, 'N.'), /frame/],
    ['an integer of 255 bytes', assemble(0x8a, 255, Buffer.alloc(255), '.'), /integer of 255 bytes/],
    ['an integer of a thousand digits', assemble(`L${'9'.repeat(1000)}L\n.`), /malformed integer/],
    ['a malformed integer', assemble('I0x10\n.'), /malformed integer/],
    ['a malformed float', assemble('F1,5\n.'), /malformed float/],
    ['escapes in protocol 0 text', assemble('V\\u0061\n.'), /escapes/],
    ['a string without quotes', assemble('Sabc\n.'), /without quotes/],
  ])('refuses %s', (_, pickle, message) => {
    const refusal = messageOf(pickle);
    expect(refusal).toMatch(message);
    expect(refusal).toMatch(/^model\.bin: data\.pkl: .* at byte \d+\)$/);
  });

  it('takes all plain data that a training checkpoint may hold', () => {
    const plain = assemble(
      '(',
      ...[text('none'), 'N', text('true'), assemble(0x88), text('float'), assemble('G', Buffer.alloc(8))],
      ...[text('int'), 'I-5\n', text('bool'), 'I01\n', text('long'), 'L123456789012345678901L\n'],
      ...[text('byte'), assemble('K', 7), text('word'), assemble('M', 1, 2), text('long1'), assemble(0x8a, 0)],
      ...[text('floats'), assemble('(F1.5e-3\nF-inf\nFnan\nl'), text('unicode'), 'Vabc\n', text('string'), "S'abc'\n"],
      ...[text('list'), assemble('](NNe'), text('append'), assemble(']Na'), text('dict'), assemble('(NNd')],
      ...[text('bytes'), assemble('C', 2, 'ab'), text('py2'), assemble('U', 2, 'ab'), text('é'), 'N'],
      ...[text('discarded'), assemble('NN0(0(NN12', 0x86)],
      'd',
    );
    const pickle = assemble(
      0x80,
      4,
      '}(',
      text('args'),
      plain,
      text('state_dict'),
      stateDict({ a: tensor() }).subarray(2, -1),
      'u.',
    );
    expect([...readStateDict('x', pickle).keys()]).toEqual(['a']);
  });

  it('gives memo bombs no room to go off', () => {
    // Each list holds the one before ten times: 10^40 values, if anything walked them.
    const doubling = Array.from({ length: 40 }, (_, i) =>
      assemble('](', ...new Array<Buffer>(10).fill(assemble('h', i)), 'eq', i + 1),
    );
    const bomb = assemble('N', 'q', 0, '0', doubling[0]!, ...doubling.slice(1).flatMap((level) => ['0', level]));
    expect(messageOf(assemble(0x80, 2, bomb, '.'))).toMatch(/a list instead of a state dict/);
    expect(messageOf(assemble(0x80, 2, ORDERED_DICT, text('a'), bomb, 's.'))).toMatch(/neither a state dict/);
    const cyclic = assemble(0x80, 2, ORDERED_DICT, 'q', 0, text('state_dict'), 'h', 0, 's.');
    expect(messageOf(cyclic)).toMatch(/"state_dict" is collections.OrderedDict, not a tensor/);
  });

  it.each([
    ['dicts', '}0'],
    ['lists', ']0'],
    ['calls', 'h\x00)R0'],
    ['memo entries', '2\x940'],
    ['instructions', '(0'],
  ])('stops at its budget for endless %s', (_, repeated) => {
    const start = assemble(0x80, 4, global('collections', 'OrderedDict'), 'q', 0);
    expect(messageOf(assemble(start, repeated.repeat(5_500_000)))).toMatch(/more work than any state dict/);
  });

  it('ends with a CocaError or tensors, whatever the bytes', () => {
    const sound = readFileSync('fixtures/golden/pooled/open_clip_pytorch_model.bin').subarray(0x80, 0x80 + 2000);
    const small = stateDict({ a: tensor(), b: tensor({ size: [6], stride: [1] }) });
    const opcodes = fc.constantFrom(
      ...Buffer.from(
        '().012BCFGIJKLMNPQRSTUVX]abcdeghijlopqrstu}\x80\x81\x82\x85\x86\x87\x88\x8a\x8c\x93\x94\x95',
        'latin1',
      ),
    );
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
    const anyPickle = fc.oneof(
      fc.array(opcodes, { maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.uint8Array({ maxLength: 60 }),
      changes.map((list) => {
        const bytes = Buffer.from(small);
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        return bytes;
      }),
      fc.nat(sound.length).map((at) => sound.subarray(at)),
      fc.nat(small.length - 1).map((length) => small.subarray(0, length)),
    );
    fc.assert(
      fc.property(anyPickle, (pickle) => {
        messageOf(pickle);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('tensors', () => {
  it('reads shape, strides, offset and storage', () => {
    const view = tensor({
      storage: storage({ type: global('torch', 'HalfStorage'), key: '12', count: 10 }),
      offset: 1,
      size: [3, 2],
      stride: [1, 4],
    });
    const { storage: found, first, shape, strides } = readStateDict('x', stateDict({ a: view })).get('a')!;
    expect(found).toMatchObject({ key: '12', dtype: 'F16', count: 10, byteLength: 20 });
    expect({ first, shape, strides }).toEqual({ first: 1, shape: [3, 2], strides: [1, 4] });
  });

  it('takes parameters and a last argument of None', () => {
    const parameter = assemble(
      global('torch._utils', '_rebuild_parameter'),
      tuple(tensor(), assemble(0x88), ORDERED_DICT),
      'R',
    );
    const pickle = stateDict({ a: parameter, b: tensor({ more: ['N'] }) });
    expect([...readStateDict('x', pickle).keys()]).toEqual(['a', 'b']);
  });

  it.each([
    [
      'an element past the storage',
      { size: [2, 3], stride: [4, 1] },
      /strides \[4, 1\] reach element 6 of a storage of 6/,
    ],
    ['an offset past the storage', { offset: 1 }, /reach element 6/],
    ['an offset of 2^53 - 1', { offset: 2n ** 53n - 1n }, /reach element/],
    ['strides whose sum overflows', { size: [2, 2], stride: [2n ** 53n - 1n, 2n ** 53n - 1n] }, /reach element/],
    ['more elements than the storage', { size: [7], stride: [0] }, /\[7\] has 7 elements, its storage 6/],
    ['an expansion to 10^15 elements', { size: [10n ** 15n], stride: [0] }, /elements, its storage 6/],
    ['a product that overflows', { size: [2n ** 50n, 2n ** 50n], stride: [0, 0] }, /too many elements/],
    ['a negative offset', { offset: -1 }, /storage offset of -1/],
    ['a negative size', { size: [-2, 3] }, /a size of -2/],
    ['a negative stride', { stride: [-3, 1] }, /a stride of -3/],
    ['a size over 2^53', { size: [2n ** 62n, 1] }, /a size of 4611686018427387904/],
    ['more sizes than strides', { stride: [1] }, /as many strides/],
    [
      '65 dimensions',
      { size: new Array<number>(65).fill(1), stride: new Array<number>(65).fill(1) },
      /more than 64 dimensions/,
    ],
    ['a storage that is a string', { storage: text('0') }, /other arguments/],
    ['hooks', { hooks: assemble('}', text('a'), 'Ns') }, /backward hooks/],
    ['hooks that are no dict', { hooks: 'N' }, /backward hooks/],
    ['a conjugate view', { more: [assemble('}', text('conj'), assemble(0x88), 's')] }, /metadata/],
    ['eight arguments', { more: ['N', 'N'] }, /other arguments/],
  ])('refuses %s', (_, parts, message) => {
    expect(messageOf(stateDict({ a: tensor(parts) }))).toMatch(message);
  });

  it.each([
    ['no state dict but a list', assemble(']', tensor(), 'a.'), /a list instead of a state dict/],
    ['a tensor alone', assemble(tensor(), '.'), /a tensor instead of a state dict/],
    ['an empty state dict', stateDict({}), /neither a state dict nor .* its keys are none/],
    ['other keys', assemble('}(', text('epoch'), 'N', text('model'), '}u.'), /its keys are "epoch", "model"/],
    ['an empty inner state dict', assemble('}', text('state_dict'), '}s.'), /the state dict is empty/],
    ['a number among tensors', stateDict({ a: tensor(), n: integer(5) }), /"n" is a number, not a tensor/],
    ['a name that is a number', assemble('}(', integer(1), tensor(), 'u.'), /a number for a name/],
  ])('refuses %s', (_, pickle, message) => {
    expect(messageOf(pickle)).toMatch(message);
  });
});
