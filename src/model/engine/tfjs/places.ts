import type { Tensor } from '@tensorflow/tfjs-core';
import type { Place, PlaceChange, Places } from '../../architecture/ops.js';
import { placeName } from '../../architecture/places.js';
import type { Change } from '../network.js';
import type { Onlooker } from './evaluate.js';
import type { TensorFlow } from './tensorflow.js';

/** Places of a network that computes at once: tensors are made where a change is come by. */
export class TfjsPlaces implements Places<Tensor> {
  readonly #changes: ReadonlyMap<string, Change>;

  constructor(
    private readonly tf: TensorFlow,
    changes: readonly Change[],
    private readonly onlooker: Onlooker['observe'],
  ) {
    this.#changes = new Map(changes.map((change) => [placeName(change), change]));
  }

  changeAt(place: Place): PlaceChange<Tensor> | undefined {
    const change = this.#changes.get(placeName(place));
    if (change === undefined) return undefined;
    const [scale, offset] = [change.scale, change.offset].map(({ data, shape }) =>
      this.tf.tensor(data, [...shape], 'float32'),
    );
    return { scale: scale!, offset: offset! };
  }

  observe(place: Place, x: Tensor): void {
    this.onlooker?.(place, x);
  }
}
