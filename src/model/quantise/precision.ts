/** What the weights of large products are kept in. 4 bits were tried, and change every third caption (docs/performance.md). */
export const PRECISIONS = ['fp32', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** How many neighbouring weights of a row share a scale: a power of two, as ONNX Runtime's MatMulNBits wants it. */
export const BLOCK = 64;
