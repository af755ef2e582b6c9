import { badCheckpoint, quote } from '../problem.js';
import {
  floatOfText,
  integerOfBytes,
  integerOfText,
  integerOrBoolean,
  memoIndex,
  plainText,
  quotedText,
} from './literals.js';
import { PickleReader, textOf } from './reader.js';
import { PickleStack } from './stack.js';
import {
  describe,
  PickleDict,
  PickleGlobal,
  type PickleKey,
  PickleList,
  PickleRefusal,
  PickleTuple,
  type PickleValue,
} from './values.js';

/** What a stream may do beyond plain data. Each function may throw PickleRefusal. */
export interface PickleRules {
  /** The allowed names, by "MODULE NAME". */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** The value of a persistent id. */
  persistent(id: PickleValue): PickleValue;
  /** Applies a BUILD's state to `target`. */
  build(target: PickleValue, state: PickleValue): void;
}

/**
 * Bound on the work and the memory of one stream: an instruction costs 1, one that makes a container or a memo entry
 * costs more. A state dict of 100,000 tensors stays below it.
 */
const BUDGET = 10_000_000;
/** Of a dict, or of a call, which may make one. */
const CALL_COST = 16;
const SEQUENCE_COST = 4;
const MEMO_COST = 2;

const HINT =
  'nothing in it was run; if you trust the file, write its weights alone with PyTorch: ' +
  'torch.save(model.state_dict(), PATH), or use the .safetensors file where there is one';

/**
 * Reads a pickle of plain data and of what `rules` allow. It runs nothing else: there is no way from a stream to a
 * function that is not in `rules.globals`.
 * @param source what messages call the stream: the file, and the entry in it
 * @throws CocaError `bad-checkpoint` naming the refused global or instruction and its position
 */
export function unpickle(source: string, data: Uint8Array, rules: PickleRules): PickleValue {
  return read(source, data, rules, ({ remaining }) => {
    if (remaining > 0) throw new PickleRefusal(`${remaining} bytes follow STOP`);
  }).value;
}

/**
 * The same where something may follow.
 * @returns also how many bytes the pickle has
 */
export function unpickleFirst(
  source: string,
  data: Uint8Array,
  rules: PickleRules,
): { readonly value: PickleValue; readonly length: number } {
  return read(source, data, rules, () => undefined);
}

function read(source: string, data: Uint8Array, rules: PickleRules, atEnd: (reader: PickleReader) => void) {
  const reader = new PickleReader(data);
  try {
    const value = new Machine(reader, rules).run();
    atEnd(reader);
    return { value, length: data.length - reader.remaining };
  } catch (error) {
    if (!(error instanceof PickleRefusal)) throw error;
    throw badCheckpoint(source, `${error.message} (${reader.opcode} at byte ${reader.start})`, error.hint ?? HINT);
  }
}

class Machine {
  readonly #stack = new PickleStack();
  readonly #memo = new Map<number, PickleValue>();
  #spent = 0;

  constructor(
    private readonly reader: PickleReader,
    private readonly rules: PickleRules,
  ) {}

  run(): PickleValue {
    while (this.reader.next() !== 'STOP') {
      this.#spend(1);
      const value = this.#step();
      if (value !== undefined) this.#stack.push(value);
    }
    const result = this.#stack.pop();
    if (!this.#stack.isEmpty) throw new PickleRefusal('values are left over at STOP');
    return result;
  }

  /** Does the current instruction; returns the value that it pushes, if it pushes one. */
  #step(): PickleValue | undefined {
    const { reader } = this;
    const stack = this.#stack;
    switch (reader.opcode) {
      case 'PROTO':
        if (reader.number > 5) throw new PickleRefusal(`pickle protocol ${reader.number} is unknown`);
        return undefined;
      case 'FRAME':
        if (reader.number > reader.remaining) throw new PickleRefusal('a frame that ends beyond the data: cut short');
        return undefined;

      case 'NONE':
        return null;
      case 'NEWTRUE':
        return true;
      case 'NEWFALSE':
        return false;
      case 'BININT':
      case 'BININT1':
      case 'BININT2':
      case 'BINFLOAT':
        return reader.number;
      case 'INT':
        return integerOrBoolean(reader.line);
      case 'LONG':
        return integerOfText(reader.line.replace(/L$/, ''));
      case 'LONG1':
      case 'LONG4':
        return integerOfBytes(reader.bytes);
      case 'FLOAT':
        return floatOfText(reader.line);
      case 'BINUNICODE':
      case 'BINUNICODE8':
      case 'SHORT_BINUNICODE':
      case 'BINSTRING':
      case 'SHORT_BINSTRING':
        return textOf(reader.bytes);
      case 'UNICODE':
        return plainText(reader.line);
      case 'STRING':
        return quotedText(reader.line);
      case 'BINBYTES':
      case 'BINBYTES8':
      case 'SHORT_BINBYTES':
        return reader.bytes;

      case 'MARK':
        stack.mark();
        return undefined;
      case 'POP':
        stack.discard();
        return undefined;
      case 'POP_MARK':
        stack.popToMark();
        return undefined;
      case 'DUP':
        return stack.top();

      case 'EMPTY_TUPLE':
        return this.#tuple([]);
      case 'TUPLE':
        return this.#tuple(stack.popToMark());
      case 'TUPLE1':
        return this.#tuple(stack.popMany(1));
      case 'TUPLE2':
        return this.#tuple(stack.popMany(2));
      case 'TUPLE3':
        return this.#tuple(stack.popMany(3));
      case 'EMPTY_LIST':
        return this.#list([]);
      case 'LIST':
        return this.#list(stack.popToMark());
      case 'APPEND':
        return this.#append([stack.pop()]);
      case 'APPENDS':
        return this.#append(stack.popToMark());
      case 'EMPTY_DICT':
        return this.#dict([]);
      case 'DICT':
        return this.#dict(stack.popToMark());
      case 'SETITEM':
        return this.#setItems(stack.popPair());
      case 'SETITEMS':
        return this.#setItems(stack.popToMark());

      case 'GET':
        return this.#get(memoIndex(reader.line));
      case 'BINGET':
      case 'LONG_BINGET':
        return this.#get(reader.number);
      case 'PUT':
        return this.#put(memoIndex(reader.line));
      case 'BINPUT':
      case 'LONG_BINPUT':
        return this.#put(reader.number);
      case 'MEMOIZE':
        return this.#put(this.#memo.size);

      case 'GLOBAL':
        return this.#global(reader.line, reader.secondLine);
      case 'STACK_GLOBAL': {
        const [module, name] = stack.popPair();
        if (typeof module !== 'string' || typeof name !== 'string') {
          throw new PickleRefusal('STACK_GLOBAL with a name that is no string');
        }
        return this.#global(module, name);
      }
      case 'REDUCE':
        return this.#call(...stack.popPair());
      case 'BUILD': {
        const state = stack.pop();
        this.rules.build(stack.top(), state);
        return undefined;
      }
      case 'BINPERSID':
        return this.rules.persistent(stack.pop());

      case 'INST':
        throw refusedInstruction(`INST of ${quote(`${reader.line}.${reader.secondLine}`)}`);
      case 'OBJ':
        throw refusedInstruction(`OBJ of ${describe(stack.popToMark()[0] ?? null)}`);
      case 'NEWOBJ':
        throw refusedInstruction(`NEWOBJ of ${describe(stack.popMany(2)[0]!)}`);
      case 'NEWOBJ_EX':
        throw refusedInstruction(`NEWOBJ_EX of ${describe(stack.popMany(3)[0]!)}`);
      case 'EXT1':
      case 'EXT2':
      case 'EXT4':
        throw refusedInstruction(`${reader.opcode} (code ${reader.number} of Python's extension registry)`);
      case 'PERSID':
        throw refusedInstruction(`PERSID ${quote(reader.line)} (a persistent id that is no storage)`);
      default:
        throw refusedInstruction(reader.opcode);
    }
  }

  #global(module: string, name: string): PickleGlobal {
    const global = this.rules.globals.get(`${module} ${name}`);
    if (global === undefined) {
      throw new PickleRefusal(`refused: it asks for ${quote(`${module}.${name}`)}, which no weights need`);
    }
    return global;
  }

  #call(target: PickleValue, args: PickleValue): PickleValue {
    if (!(target instanceof PickleGlobal) || target.call === undefined) {
      throw new PickleRefusal(`refused: REDUCE calls ${describe(target)}, which cannot be called here`);
    }
    if (!(args instanceof PickleTuple)) throw new PickleRefusal(`REDUCE with ${describe(args)} for arguments`);
    this.#spend(CALL_COST);
    return target.call(args.items);
  }

  #tuple(items: readonly PickleValue[]): PickleTuple {
    this.#spend(SEQUENCE_COST);
    return new PickleTuple(items);
  }

  #list(items: PickleValue[]): PickleList {
    this.#spend(SEQUENCE_COST);
    return new PickleList(items);
  }

  #append(items: readonly PickleValue[]): undefined {
    const list = this.#stack.top();
    if (!(list instanceof PickleList)) throw new PickleRefusal(`items are appended to ${describe(list)}`);
    for (const item of items) list.items.push(item);
  }

  #dict(items: readonly PickleValue[]): PickleDict {
    this.#spend(CALL_COST);
    const dict = new PickleDict('dict');
    fill(dict, items);
    return dict;
  }

  #setItems(items: readonly PickleValue[]): undefined {
    const dict = this.#stack.top();
    if (!(dict instanceof PickleDict)) throw new PickleRefusal(`items are set on ${describe(dict)}`);
    fill(dict, items);
  }

  #get(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw new PickleRefusal(`memo entry ${index} was never made`);
    return value;
  }

  #put(index: number): undefined {
    this.#spend(MEMO_COST);
    this.#memo.set(index, this.#stack.top());
  }

  #spend(cost: number): void {
    this.#spent += cost;
    if (this.#spent > BUDGET) throw new PickleRefusal(`it needs more work than any state dict (budget ${BUDGET})`);
  }
}

/** Sets alternating keys and values. Python's own pickles set each key once; of two with one name the second would hide the first. */
function fill(dict: PickleDict, items: readonly PickleValue[]): void {
  if (items.length % 2 !== 0) throw new PickleRefusal('a key without a value');
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i]!;
    if (!isKey(key)) throw new PickleRefusal(`${describe(key)} as the key of a dict`);
    if (dict.entries.has(key)) throw new PickleRefusal(`the key ${quote(String(key))} is set twice`);
    dict.entries.set(key, items[i + 1]!);
  }
}

function isKey(value: PickleValue): value is PickleKey {
  return value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value);
}

function refusedInstruction(instruction: string): PickleRefusal {
  return new PickleRefusal(`refused: the instruction ${instruction} is none that torch.save needs for weights`);
}
