import type { Dtype } from '../dtype.js';
import type { ZipEntry } from './zip.js';

/** Where the elements of a storage lie in a file: bytes of it, which an archive also has a checksum of. */
export type StoredBytes = Pick<ZipEntry, 'offset' | 'size'> | ZipEntry;

/** One tensor of a file of torch.save: a strided view of a storage's elements. */
export interface TorchWeight {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** In elements, as many as the shape has dimensions. */
  readonly strides: readonly number[];
  /** Index of the first element within its storage. */
  readonly first: number;
  readonly storage: StoredBytes;
}
