import { CocaError } from '../../base/errors.js';

/** A file that holds pictures: a tar archive (a WebDataset shard), or a Parquet file. */
export interface Archive {
  /**
   * The pictures in it, in the order of the file.
   * @param column of a Parquet file: the one of the pictures or of their paths
   */
  names(column: string | undefined): AsyncIterable<ArchiveName> | Iterable<ArchiveName>;
  /**
   * One picture's bytes.
   * @param member what stands behind the archive's name and a slash
   * @throws CocaError `not-found`, `bad-data`, `unreadable`
   */
  read(member: string): Promise<Buffer>;
  /** Why not all of it can be read, if that is so. */
  readonly problem?: CocaError | undefined;
}

/** A picture that an archive holds, or names. */
export type ArchiveName =
  /** Its bytes are in the archive. */
  | { readonly member: string }
  /** Only its path is there, from the archive's folder, or its URL. */
  | { readonly path: string };

/** No picture that can be decoded is larger. */
export const MAX_MEMBER_BYTES = 512 * 2 ** 20;

/** The error for a picture of more bytes than are read at once. */
export const tooLargeMember = (name: string): CocaError =>
  new CocaError('unreadable', `${name} is larger than ${MAX_MEMBER_BYTES / 2 ** 20} MiB`);
