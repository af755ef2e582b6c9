import type { RegularFile } from '../../base/regular-file.js';
import { unpickleFirst } from '../pickle/pickle.js';
import { PickleDict, PickleList, type PickleValue } from '../pickle/values.js';
import { badCheckpoint, quote } from '../problem.js';
import { PLAIN_RULES, readStateDictFirst } from './torch-pickle.js';
import type { TorchWeight } from './weight.js';

/** What the first pickle of such a file is. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** The pickles of a checkpoint, its optimizer's included, have well under 1 MB. */
const MAX_PICKLE_BYTES = 16 * 1024 * 1024;

/** Before the elements of a storage stands how many they are. */
const COUNT_BYTES = 8;

/**
 * Reads which tensors a file of torch.save holds as PyTorch wrote them before 1.6 (and since then on request): five pickles (a
 * magic number, a version, facts of the system, the object, the keys of its storages), then the storages in the order of
 * the keys, each as a count and its elements.
 * @throws CocaError `bad-checkpoint`: another version, big-endian data, a file that is cut, storages other than declared
 */
export async function readTorchStream(file: RegularFile): Promise<readonly TorchWeight[]> {
  const { path } = file;
  const head = await file.read(0, Math.min(file.size, MAX_PICKLE_BYTES));
  let at = 0;
  const next = <T>(read: (source: string, data: Uint8Array) => { readonly value: T; readonly length: number }): T => {
    const { value, length } = read(`${path}: pickle at byte ${at}`, head.subarray(at));
    at += length;
    return value;
  };
  const plain = () => next((source, data) => unpickleFirst(source, data, PLAIN_RULES));
  const [magic, version, system] = [plain(), plain(), plain()];
  if (magic !== MAGIC) throw badCheckpoint(path, 'a bare pickle, not a file of torch.save', 'name a weights file');
  if (version !== PROTOCOL) throw badCheckpoint(path, `its protocol is ${quote(String(version))}, not ${PROTOCOL}`);
  requireLittleEndian(path, system);
  const { tensors, storages } = next(readStateDictFirst);
  const keys = plain();
  if (!(keys instanceof PickleList)) throw badCheckpoint(path, 'no list of storages follows its state dict');

  const places = new Map<string, number>();
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined) throw badCheckpoint(path, `its storage ${quote(String(key))} is declared nowhere`);
    if (at + COUNT_BYTES + storage.byteLength > file.size) {
      throw badCheckpoint(path, 'it ends within its weights: cut short', 'download it again');
    }
    const count = viewOf(await file.read(at, COUNT_BYTES)).getBigUint64(0, true);
    if (count !== BigInt(storage.count)) {
      throw badCheckpoint(
        path,
        `its storage ${quote(storage.key)} has ${count} elements, ${storage.count} are declared`,
      );
    }
    places.set(storage.key, at + COUNT_BYTES);
    at += COUNT_BYTES + storage.byteLength;
  }
  return [...tensors].map(([name, { storage, first, shape, strides }]) => {
    const offset = places.get(storage.key);
    if (offset === undefined) throw badCheckpoint(path, `tensor ${quote(name)}: its storage is missing`);
    return { name, dtype: storage.dtype, shape, strides, first, storage: { offset, size: storage.byteLength } };
  });
}

const viewOf = ({ buffer, byteOffset }: Uint8Array) => new DataView(buffer, byteOffset);

function requireLittleEndian(path: string, system: PickleValue): void {
  const little = system instanceof PickleDict ? system.entries.get('little_endian') : undefined;
  if (little === true) return;
  throw badCheckpoint(path, 'it was not written by a little-endian machine', 'save it again on one');
}
