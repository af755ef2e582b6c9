import type { Encoding } from '../base/text-decoding.js';
import type { Picture } from '../image/picture.js';
import type { SceneMix } from '../scenes/world/mix.js';

/** What is known about a picture. */
export interface Description {
  readonly captions: readonly string[];
  /** The language of each caption, where the data say so. */
  readonly languages?: readonly string[];
  /** Its class: a name, or a place in a list of names. */
  readonly label?: string | number;
  /** Every caption that is true of it, where they are known. */
  readonly trueCaptions?: readonly string[];
  /** Captions that are false of it by little. */
  readonly hardNegatives?: readonly string[];
  /** What is asked about it. */
  readonly asked?: Asked;
  /** That it is one of two pictures, with the captions of both. */
  readonly pair?: PairPlace;
}

/** A picture's place among the pairs: which example, which of its captions is the picture's own, and what kind of example it is. */
export interface PairPlace {
  readonly example: number;
  readonly side: 0 | 1;
  readonly kind?: string;
}

/** A question about a picture, with what people answered. */
export interface Asked {
  readonly question: string;
  /** One, or those of several people: VQA has ten. */
  readonly answers: readonly string[];
  /** What kind of question it is, and what kind of answer, where the data say so. */
  readonly questionType?: string;
  readonly answerType?: string;
}

/** A picture with what is known about it. */
export interface Sample extends Description {
  /** What messages call it: a path, or a place in a file. */
  readonly name: string;
  /** An encoded file, or pixels that never were one. */
  readonly image: Uint8Array | Picture;
}

/** Bytes [start, end) of a file. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Names of the fields or columns that hold a sample's picture and caption. */
export interface FieldNames {
  readonly image: string;
  readonly caption: string;
}

/** What is the same for all rows of a file. */
export interface RowContext {
  readonly file: string;
  /** Relative paths of pictures start from here. */
  readonly folder: string;
  readonly fields: FieldNames;
  readonly encoding: Encoding;
}

export interface TableContext extends RowContext {
  readonly separator: string;
  readonly columns: readonly string[];
}

/** Members of a shard that are pictures, in the order of preference. */
export const IMAGE_EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'avif', 'tif', 'tiff'] as const;

/** Members of a tar archive that belong together: their names differ only behind the first dot. */
export interface TarSample {
  readonly key: string;
  /** By what follows the first dot, in lower case: "jpg", "txt". */
  readonly members: Readonly<Record<string, Span>>;
  /** Members that are there and not read, in the same way, and why. */
  readonly unread: Readonly<Record<string, string>>;
}

/** A row of a file: its bytes, and the number of its first line. */
interface Row<Context> {
  readonly row: number;
  readonly line: number;
  readonly span: Span;
  readonly context: Context;
}

/**
 * Where one sample lies, as a plain value: it can be sent to a worker thread, which reads and decodes it there. A sample that
 * is lost takes its place in the order, too: reading it fails and says why, so it is told and counted as any other failure.
 */
export type Locator =
  | ({ readonly kind: 'json' } & Row<RowContext>)
  | ({ readonly kind: 'table' } & Row<TableContext>)
  | { readonly kind: 'listed'; readonly path: string; readonly description: Description }
  | { readonly kind: 'lost'; readonly name: string; readonly why: string }
  | { readonly kind: 'tar'; readonly file: string; readonly sample: TarSample; readonly caption: string }
  | {
      readonly kind: 'scene';
      readonly seed: number;
      readonly index: number;
      readonly size: number;
      readonly mix: SceneMix;
    };

/** Of a file that is read row by row. */
export type RowLocator = Locator & { readonly kind: 'json' | 'table' };
