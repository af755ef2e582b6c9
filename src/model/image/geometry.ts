/** How a picture becomes a square, named as in OpenCLIP's `preprocess_cfg.resize_mode`. */
export type ResizeMode = 'shortest' | 'squash' | 'longest';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle in source pixels. */
export interface Region extends Size {
  readonly left: number;
  readonly top: number;
}

/** A resize of the whole picture, and the square taken out of it. */
export interface Placement {
  /** The whole picture after the resize, in model pixels. */
  readonly resized: Size;
  /** Top left corner of the square in the resized picture; negative where the square reaches beyond it. */
  readonly left: number;
  readonly top: number;
}

/** Python's round(): halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Offset of a centred window: torchvision's center_crop for a picture that is large enough, else OpenCLIP's padding. */
function centred(length: number, size: number): number {
  return length >= size ? roundHalfEven((length - size) / 2) : -Math.floor((size - length) / 2);
}

/**
 * Where OpenCLIP's evaluation transform (`image_transform`, is_train=False) puts a picture of `source` size in a square
 * of `size` model pixels.
 * - shortest: torchvision's Resize(size), short side = size and long side = int(size * long / short), then CenterCrop;
 * - squash: both sides become size;
 * - longest: the long side becomes size, the other round(short * size / long), at least 1, and the rest is padding.
 */
export function place(source: Size, size: number, mode: ResizeMode): Placement {
  const { width, height } = source;
  if (mode === 'squash') return { resized: { width: size, height: size }, left: 0, top: 0 };
  let resized: Size;
  if (mode === 'shortest') {
    resized =
      width <= height
        ? { width: size, height: Math.trunc((size * height) / width) }
        : { width: Math.trunc((size * width) / height), height: size };
  } else {
    const ratio = Math.max(width / size, height / size);
    const side = (length: number) => Math.max(1, roundHalfEven(length / ratio));
    resized = { width: side(width), height: side(height) };
  }
  return { resized, left: centred(resized.width, size), top: centred(resized.height, size) };
}
