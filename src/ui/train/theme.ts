import type { ChalkInstance } from 'chalk';
import type { CurveName } from './state.js';

/** A colour for each curve; what tells them apart without colours is their title. */
export const CURVE_PAINT: Readonly<Record<CurveName, (paint: ChalkInstance) => ChalkInstance>> = {
  contrastive: (paint) => paint.cyan,
  captioning: (paint) => paint.yellow,
  classification: (paint) => paint.blue,
  gradNorm: (paint) => paint.magenta,
  learningRate: (paint) => paint.green,
};

export const CURVE_TITLES: Readonly<Record<CurveName, string>> = {
  contrastive: 'contrastive loss',
  captioning: 'captioning loss',
  classification: 'classification loss',
  gradNorm: 'gradient norm',
  learningRate: 'learning rate',
};
