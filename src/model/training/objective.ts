/**
 * What is trained for. CoCa has both losses; contrastive alone trains a dual encoder (CLIP), captioning alone an
 * encoder-decoder, classification alone a single encoder: the earlier families of which it is the union (CoCa, section
 * 3.1). A weight of 0 leaves a loss out, with all that only it needs.
 */
export interface Objective {
  readonly contrastive: number;
  readonly captioning: number;
  readonly classification: number;
  /** Part of a caption's targets that is spread over the whole vocabulary. */
  readonly labelSmoothing: number;
}

/** OpenCLIP's weights for CoCa. */
export const COCA_OBJECTIVE: Objective = { contrastive: 1, captioning: 2, classification: 0, labelSmoothing: 0 };

export type LossName = 'contrastive' | 'captioning' | 'classification';

/** Losses of a batch: means over its pairs, caption tokens or pictures; null for those left out. */
export interface Losses {
  readonly contrastive: number | null;
  readonly captioning: number | null;
  readonly classification: number | null;
  /** The weighted sum: what is minimised. */
  readonly total: number;
}
