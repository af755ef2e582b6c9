/** The way to `picture/` that src/commands/io takes until its imports are changed. */
export { choosePictureKind, pictureColumns } from './picture/choose.js';
export { drawPicture } from './picture/draw.js';
export type { PictureKind } from './picture/raster.js';
