import type { Tensor } from '@tensorflow/tfjs-core';
import { nativeOps } from '../native.js';
import { differentiable, type TensorFlow } from '../tensorflow.js';
import { reshape, rowsOf } from './shape.js';

export interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Added to every row. */
  readonly bias?: Tensor;
}

/** The matrix product of two matrices: a [M, K], b [K, N] -> [M, N], either of which may be given transposed. */
export function product(tf: TensorFlow, a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, bias } = options;
  const native = nativeOps(tf);
  if (native) {
    const out = native.matMul(a, b, transposeA, transposeB);
    return bias ? native.biasAdd(out, bias) : out;
  }
  // The wasm backend has a fast product only for matrices as they are: transposing one first is ten times faster.
  const explicit = tf.getBackend() === 'wasm';
  return tf.fused.matMul({
    a: explicit && transposeA ? tf.transpose(a) : a,
    b: explicit && transposeB ? tf.transpose(b) : b,
    transposeA: transposeA && !explicit,
    transposeB: transposeB && !explicit,
    ...(bias && { bias }),
  });
}

/** The sum of the rows of x [..., W] -> [W]. */
export function sumOfRows(tf: TensorFlow, x: Tensor): Tensor {
  const width = x.shape.at(-1)!;
  const count = x.size / width;
  const rows = x.rank === 2 ? x : tf.reshape(x, [count, width]);
  // Where there is no better way, as a product: reductions over the first axis are slow on most backends.
  return nativeOps(tf)?.sumRows(rows) ?? tf.reshape(product(tf, tf.ones([1, count]), rows), [width]);
}

/**
 * x W + b, differentiated by all that is given: x [..., in] -> [..., out].
 * @param weight [out, in], or with `isTransposed` [in, out]
 */
export function linear(
  tf: TensorFlow,
  x: Tensor,
  weight: Tensor,
  { bias, isTransposed = false }: { readonly bias?: Tensor; readonly isTransposed?: boolean } = {},
): Tensor {
  const rows = rowsOf(tf, x);
  const shape = [...x.shape.slice(0, -1), weight.shape[isTransposed ? 1 : 0]!];
  const out = differentiable(tf, bias ? [rows, weight, bias] : [rows, weight], (save) => {
    const value = product(tf, rows, weight, { transposeB: !isTransposed, ...(bias && { bias }) });
    save([rows, weight]);
    return {
      value,
      gradient: (dy, [savedX, savedWeight]) => [
        product(tf, dy, savedWeight!, { transposeB: isTransposed }),
        isTransposed ? product(tf, savedX!, dy, { transposeA: true }) : product(tf, dy, savedX!, { transposeA: true }),
        ...(bias ? [sumOfRows(tf, dy)] : []),
      ],
    };
  });
  return x.rank === 2 ? out : reshape(tf, out, shape);
}
