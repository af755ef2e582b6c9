/**
 * What a model computes with: `int8` has the weights of large products in 8 bits (4 were tried, and change every third caption:
 * docs/performance.md), `fp16` everything in half precision, on devices that have it.
 */
export const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** How many neighbouring weights of a row share a scale: a power of two, as ONNX Runtime's MatMulNBits wants it. */
export const BLOCK = 64;
