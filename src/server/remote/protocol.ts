import type { CaptionLikelihood, CaptionOptions, PictureRun } from '../../model/api.js';
import type { ImageTokens } from '../../model/engine/network.js';
import type { Picture } from '../../model/image/picture.js';

/** Where this program asks a server for what a loaded model gives: values, of which its commands make their results. */
export const CALLS_PATH = '/v1/coca';

/** A model that a server has, as far as tells whether it is the very one that a command would load. */
export interface ServedModel {
  readonly name: string;
  /** What tells its weights from others as they lie in its folder. */
  readonly weights: string;
  /** The same of its tokenizer, where that has files. */
  readonly tokenizer?: string;
  /** `Coca.fingerprint`: of the weights as they were opened. */
  readonly fingerprint: string;
  /** Of its parsed config, in hexadecimal. */
  readonly configHash: string;
  readonly precision: string;
  readonly engine: string;
  /** What it was asked to run on, and what it runs on. */
  readonly askedDevice: string;
  readonly device: string;
  readonly pixels: string;
  readonly logitScale: number;
  readonly logitBias: number;
  /** What a person was told as it was loaded. */
  readonly remarks: readonly { readonly text: string; readonly isDetail: boolean }[];
}

/** What a client needs of a model's files: as plain values, for one that does not have them. */
export interface ModelFiles {
  /** Its config as it was read. */
  readonly config: unknown;
  readonly tokenizer: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** What was made of pictures, as plain values. */
export interface PlainEncoding {
  readonly count: number;
  readonly features: readonly Float32Array[];
  readonly latents: readonly Float32Array[];
  readonly tokens: ImageTokens;
  readonly ms: number;
}

/** What can be asked: methods of a loaded model as functions of plain values. Each names its model. */
export interface ServerCalls {
  files(asked: { readonly model: string }): Promise<ModelFiles>;
  encodeImages(asked: { readonly model: string; readonly pictures: readonly Picture[] }): Promise<PlainEncoding>;
  encodeTexts(asked: { readonly model: string; readonly texts: readonly string[] }): Promise<readonly Float32Array[]>;
  captionPicture(asked: {
    readonly model: string;
    readonly picture: Picture;
    readonly options: CaptionOptions;
  }): Promise<PictureRun>;
  captionLikelihoods(asked: {
    readonly model: string;
    readonly images: PlainEncoding;
    readonly texts: readonly string[];
    readonly given: readonly number[] | undefined;
  }): Promise<readonly (readonly CaptionLikelihood[])[]>;
}

export type ServerCall = keyof ServerCalls;
