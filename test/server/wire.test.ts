import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack, unpack } from '../../src/server/remote/wire.js';

const number = fc.oneof(
  fc.double().filter((value) => !Object.is(value, -0)),
  fc.integer(),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    number,
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.float32Array(),
    fc.uint8Array(),
    fc.int32Array(),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'rgb', 'ids'), tie('any')),
  ),
})).any;

test('values come back as they were, numbers to the last bit', () => {
  fc.assert(
    fc.property(value, (one) => {
      expect(unpack(pack(one))).toEqual(one);
    }),
  );
});

test('what is cut short, or something else, is an error and nothing worse', () => {
  fc.assert(
    fc.property(value, fc.nat(), (one, cut) => {
      const whole = pack(one);
      const part = whole.subarray(0, cut % whole.length);
      expect(() => unpack(part)).toThrow();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        unpack(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});

test.each(['{"$array":["f32",1e9]}', '{"$array":["f32",-1]}', '{"$array":["f64",1]}', '{"$array":["__proto__",1]}'])(
  'an array that is not there: %s',
  (json) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(json.length);
    expect(() => unpack(Buffer.concat([head, Buffer.from(json)]))).toThrow(TypeError);
  },
);
