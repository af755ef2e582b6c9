/** A picture as the model sees it: resized, cropped to a square, 8 bits a channel. */
export interface Picture {
  /** Size of the source in pixels, after its EXIF orientation was applied (with OpenCLIP's pixels it is not). */
  readonly source: { readonly width: number; readonly height: number };
  /** The square that the model sees, in source pixels (fractions where the resize does not divide evenly). */
  readonly crop: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Side of the square in model pixels. */
  readonly size: number;
  /** size x size x 3 bytes, rows from the top, RGB. */
  readonly rgb: Uint8Array;
}

/** Whose pixels a picture has: `upright`, as `loadPicture` makes them, or `openclip`, the very ones of OpenCLIP's transform. */
export const PIXELS = ['upright', 'openclip'] as const;

export type Pixels = (typeof PIXELS)[number];
