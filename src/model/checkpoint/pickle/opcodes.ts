/**
 * The instructions of pickle protocols 0 to 5, as CPython's pickletools lists them: what follows each opcode byte.
 *
 * - `uint1`, `uint2`, `uint4`, `int4`, `uint8`: little-endian integers; `float8`: a big-endian double
 * - `line`, `lines`: text up to one newline, or two
 * - `bytes1`, `bytes4`, `bytes8`: a length of so many bytes, and that many bytes
 */
export type PickleArgument =
  | 'none'
  | 'uint1'
  | 'uint2'
  | 'uint4'
  | 'uint8'
  | 'int4'
  | 'float8'
  | 'line'
  | 'lines'
  | 'bytes1'
  | 'bytes4'
  | 'bytes8';

const INSTRUCTIONS = [
  [0x28, 'MARK', 'none'],
  [0x29, 'EMPTY_TUPLE', 'none'],
  [0x2e, 'STOP', 'none'],
  [0x30, 'POP', 'none'],
  [0x31, 'POP_MARK', 'none'],
  [0x32, 'DUP', 'none'],
  [0x42, 'BINBYTES', 'bytes4'],
  [0x43, 'SHORT_BINBYTES', 'bytes1'],
  [0x46, 'FLOAT', 'line'],
  [0x47, 'BINFLOAT', 'float8'],
  [0x49, 'INT', 'line'],
  [0x4a, 'BININT', 'int4'],
  [0x4b, 'BININT1', 'uint1'],
  [0x4c, 'LONG', 'line'],
  [0x4d, 'BININT2', 'uint2'],
  [0x4e, 'NONE', 'none'],
  [0x50, 'PERSID', 'line'],
  [0x51, 'BINPERSID', 'none'],
  [0x52, 'REDUCE', 'none'],
  [0x53, 'STRING', 'line'],
  [0x54, 'BINSTRING', 'bytes4'],
  [0x55, 'SHORT_BINSTRING', 'bytes1'],
  [0x56, 'UNICODE', 'line'],
  [0x58, 'BINUNICODE', 'bytes4'],
  [0x5d, 'EMPTY_LIST', 'none'],
  [0x61, 'APPEND', 'none'],
  [0x62, 'BUILD', 'none'],
  [0x63, 'GLOBAL', 'lines'],
  [0x64, 'DICT', 'none'],
  [0x65, 'APPENDS', 'none'],
  [0x67, 'GET', 'line'],
  [0x68, 'BINGET', 'uint1'],
  [0x69, 'INST', 'lines'],
  [0x6a, 'LONG_BINGET', 'uint4'],
  [0x6c, 'LIST', 'none'],
  [0x6f, 'OBJ', 'none'],
  [0x70, 'PUT', 'line'],
  [0x71, 'BINPUT', 'uint1'],
  [0x72, 'LONG_BINPUT', 'uint4'],
  [0x73, 'SETITEM', 'none'],
  [0x74, 'TUPLE', 'none'],
  [0x75, 'SETITEMS', 'none'],
  [0x7d, 'EMPTY_DICT', 'none'],
  [0x80, 'PROTO', 'uint1'],
  [0x81, 'NEWOBJ', 'none'],
  [0x82, 'EXT1', 'uint1'],
  [0x83, 'EXT2', 'uint2'],
  [0x84, 'EXT4', 'int4'],
  [0x85, 'TUPLE1', 'none'],
  [0x86, 'TUPLE2', 'none'],
  [0x87, 'TUPLE3', 'none'],
  [0x88, 'NEWTRUE', 'none'],
  [0x89, 'NEWFALSE', 'none'],
  [0x8a, 'LONG1', 'bytes1'],
  [0x8b, 'LONG4', 'bytes4'],
  [0x8c, 'SHORT_BINUNICODE', 'bytes1'],
  [0x8d, 'BINUNICODE8', 'bytes8'],
  [0x8e, 'BINBYTES8', 'bytes8'],
  [0x8f, 'EMPTY_SET', 'none'],
  [0x90, 'ADDITEMS', 'none'],
  [0x91, 'FROZENSET', 'none'],
  [0x92, 'NEWOBJ_EX', 'none'],
  [0x93, 'STACK_GLOBAL', 'none'],
  [0x94, 'MEMOIZE', 'none'],
  [0x95, 'FRAME', 'uint8'],
  [0x96, 'BYTEARRAY8', 'bytes8'],
  [0x97, 'NEXT_BUFFER', 'none'],
  [0x98, 'READONLY_BUFFER', 'none'],
] as const satisfies readonly (readonly [number, string, PickleArgument])[];

export type PickleOpcode = (typeof INSTRUCTIONS)[number][1];

/** By opcode byte; undefined where no protocol up to 5 has one. */
export const INSTRUCTION_OF_BYTE: readonly (readonly [PickleOpcode, PickleArgument] | undefined)[] = (() => {
  const table = new Array<readonly [PickleOpcode, PickleArgument] | undefined>(256).fill(undefined);
  for (const [byte, opcode, argument] of INSTRUCTIONS) table[byte] = [opcode, argument];
  return table;
})();
