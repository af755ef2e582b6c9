import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { captionLogits, imageMemory, multimodalLayers } from '../architecture/decoder.js';
import { imageEncoder } from '../architecture/image-encoder.js';
import { clsTextTower } from '../architecture/text-tower.js';
import type { VisionOutput } from '../architecture/vision.js';
import type { CocaConfig } from '../config/config.js';
import { clsBatch } from '../engine/text-batch.js';
import { crossEntropy } from '../engine/tfjs/functions/cross-entropy.js';
import { pickRows } from '../engine/tfjs/functions/embedding.js';
import { linear } from '../engine/tfjs/functions/product.js';
import { rowsOf } from '../engine/tfjs/functions/shape.js';
import type { TfjsOps } from '../engine/tfjs/ops.js';
import type { Parameters } from '../engine/tfjs/parameters.js';
import type { TensorFlow } from '../engine/tfjs/tensorflow.js';
import { causalMask } from '../engine/token-tree.js';
import { CLASSIFIER } from '../store/classifier.js';
import { captionTargets, described, type TrainingBatch } from './batch.js';
import type { Objective } from './objective.js';

/** Embeddings of the D pictures with a text that describes them (`described`), and of these texts: [D, E] of unit length. */
export interface Contrasted {
  readonly images: Tensor;
  readonly texts: Tensor;
}

/** A batch of B pictures and texts that went through the model once. */
export interface Forward {
  /** What contrastive learning compares; undefined where it is left out, or no text describes its picture. */
  readonly contrasted: Contrasted | undefined;
  /** Cross-entropy of caption tokens and of classes, summed. */
  readonly captions: Scalar | undefined;
  readonly classes: Scalar | undefined;
}

/** The model as training runs it: one pass through each part, from pictures and texts to what losses are made of. */
export class TrainingModel {
  constructor(
    private readonly tf: TensorFlow,
    private readonly ops: TfjsOps,
    private readonly parameters: Parameters,
    private readonly config: CocaConfig,
  ) {}

  /** Everything that the objective asks for. */
  run(batch: TrainingBatch, objective: Objective): Forward {
    const vision = this.#vision(batch);
    const needsText = objective.contrastive > 0 || objective.captioning > 0;
    const text = needsText ? this.#text(batch) : undefined;
    return {
      contrasted: objective.contrastive > 0 ? this.#contrasted(batch, vision.features, text!.features) : undefined,
      captions:
        objective.captioning > 0
          ? this.#captions(batch, vision.tokens, text!.tokens, objective.labelSmoothing)
          : undefined,
      classes: objective.classification > 0 ? this.#classes(batch, vision.latent) : undefined,
    };
  }

  /** Contrastive embeddings alone, of a batch in which a text describes its picture. */
  embed(batch: TrainingBatch): Contrasted {
    return this.#contrasted(batch, this.#vision(batch).features, this.#text(batch).features)!;
  }

  #contrasted(batch: TrainingBatch, images: Tensor, texts: Tensor): Contrasted | undefined {
    const rows = described(batch);
    if (rows.length === batch.contexts.length) return { images, texts };
    if (rows.length === 0) return undefined;
    return { images: pickRows(this.tf, images, rows), texts: pickRows(this.tf, texts, rows) };
  }

  #vision({ pixels, contexts }: TrainingBatch): VisionOutput<Tensor> {
    const side = this.config.vision.image_size;
    return imageEncoder(this.ops, this.config, this.ops.floats(pixels, [contexts.length, 3, side, side]));
  }

  #text({ contexts }: TrainingBatch): ReturnType<typeof clsTextTower<Tensor>> {
    const { ops, config } = this;
    const { batch, length, ids, positions, clsPosition, mask } = clsBatch(
      config.text,
      contexts,
      captionTargets({ contexts }).length,
    );
    return clsTextTower(ops, config, {
      ids: ops.indices(ids, [batch, length]),
      positions: ops.indices(positions, [batch, length]),
      clsPosition: ops.indices(clsPosition, [batch, 1]),
      mask: ops.floats(mask, [batch, 1, length + 1, length + 1]),
    });
  }

  /** Only rows that predict something go through the last layer: with a large vocabulary it is the dearest of all. */
  #captions(batch: TrainingBatch, imageTokens: Tensor, tokens: Tensor, smoothing: number): Scalar {
    const { tf, ops, config } = this;
    const { length, rows, labels } = captionTargets(batch);
    const mask = ops.floats(causalMask(length), [1, 1, length, length]);
    const image = imageMemory(ops, config, imageTokens);
    const { x } = multimodalLayers(ops, config, ops.slice(tokens, 0, length), { mask, image });
    const logits = captionLogits(ops, config, pickRows(tf, rowsOf(tf, x), rows));
    return crossEntropy(tf, logits, labels, smoothing);
  }

  #classes({ classes }: TrainingBatch, latent: Tensor): Scalar {
    const bias = this.parameters.get(CLASSIFIER.bias);
    const logits = linear(this.tf, latent, this.parameters.get(CLASSIFIER.weight), { bias });
    return crossEntropy(this.tf, logits, classes!);
  }
}
