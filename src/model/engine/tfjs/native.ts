import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow.js';

/** An attribute of an operation of TensorFlow. */
interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number;
}

/** What tfjs-node's backend can do beyond TensorFlow.js: run any operation of TensorFlow by its name. */
interface NativeBackend {
  executeSingleOutput(operation: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor;
  readonly binding: { readonly TF_ATTR_BOOL: number; readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number };
}

/** Operations of TensorFlow's own library that TensorFlow.js reaches only through others. None is recorded on a tape. */
export interface NativeOps {
  /** a b of matrices: as it is, where TensorFlow.js would make a batch of them first. */
  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  /** x [M, W] plus a row [W]. */
  biasAdd(x: Tensor, bias: Tensor): Tensor;
  /** The sum of the rows of x [M, W] -> [W]. */
  sumRows(x: Tensor): Tensor;
  /** Half the sum of all elements' squares. */
  halfSquares(x: Tensor): Tensor;
}

const known = new WeakMap<object, NativeOps>();

/** Those of the current backend, where it is TensorFlow's own. */
export function nativeOps(tf: TensorFlow): NativeOps | undefined {
  if (tf.getBackend() !== 'tensorflow') return undefined;
  const backend = tf.backend() as unknown as NativeBackend;
  let ops = known.get(backend);
  if (ops === undefined) {
    ops = make(backend);
    known.set(backend, ops);
  }
  return ops;
}

function make(backend: NativeBackend): NativeOps {
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const float: Attribute = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT };
  const flag = (name: string, value: boolean): Attribute => ({ name, type: TF_ATTR_BOOL, value });
  return {
    // TensorFlow's operation for single matrices, `MatMul`, corrupted the heap when called so (seen under Node's profiler).
    matMul: (a, b, transposeA, transposeB) =>
      backend.executeSingleOutput(
        'BatchMatMulV2',
        [flag('adj_x', transposeA), flag('adj_y', transposeB), float],
        [a, b],
      ),
    biasAdd: (x, bias) => backend.executeSingleOutput('BiasAdd', [float], [x, bias]),
    sumRows: (x) => backend.executeSingleOutput('BiasAddGrad', [float], [x]),
    halfSquares: (x) => backend.executeSingleOutput('L2Loss', [float], [x]),
  };
}
