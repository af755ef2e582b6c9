import type { NumberOption, OptionSpec } from '../../cli/command.js';
import type { Knob, NumberKnob } from '../../model/base/knob.js';

/** How a number of the model is typed. A bound that is itself excluded is left to the model's own check. */
export function numberOption({ type, min, max }: NumberKnob): Pick<NumberOption, 'type' | 'min' | 'max'> {
  return { type, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

/**
 * A setting of the model as an option. It has no default of its own: what is not typed is completed by the model.
 * @param placeholder of a choice
 */
export function optionOfKnob(knob: Knob, placeholder: string): OptionSpec {
  const { does: description = '' } = knob;
  if (knob.type === 'flag') return { type: 'flag', description };
  // A choice that can be true is switched on; its other values are for files and for changes on the way.
  if (knob.type === 'choice' && knob.choices.includes(true)) return { type: 'flag', description };
  const otherwise = knob.otherwise ?? (knob.default === undefined ? undefined : String(knob.default));
  const rest = { description, ...(otherwise !== undefined && { otherwise }) };
  if (knob.type === 'choice') return { type: 'choice', choices: knob.choices.map(String), placeholder, ...rest };
  return { ...numberOption(knob), ...rest };
}
