/** A model that is looked at, by its name. */
export const MODEL_ARGUMENT = {
  name: 'NAME',
  description: 'what --model takes; by default the model that is loaded where none is named',
  kind: 'model',
  required: false,
  variadic: false,
} as const;
