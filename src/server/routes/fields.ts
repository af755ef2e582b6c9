import { didYouMean } from '../../model/base/names/suggest.js';
import { badField } from '../refusal.js';

/**
 * Refuses fields that a request has and a route does not: nothing is ignored.
 * @param known those that the route reads
 * @param why of fields that clients may send, what is to be said of them
 * @throws Refusal 400
 */
export function refuseOthers(
  fields: Readonly<Record<string, unknown>>,
  known: readonly string[],
  why: Readonly<Record<string, string>> = {},
): void {
  for (const [name, value] of Object.entries(fields)) {
    if (known.includes(name) || value === undefined || value === null) continue;
    const reason = Object.hasOwn(why, name) ? why[name] : undefined;
    throw badField(name, reason ?? `there is no field ${name}`, reason ? undefined : didYouMean(name, known));
  }
}

/** @throws Refusal 400 for anything but a number within bounds */
export function numberField(
  value: unknown,
  name: string,
  { min, max, isWhole = false }: { readonly min: number; readonly max: number; readonly isWhole?: boolean },
): number | undefined {
  if (value === undefined || value === null) return undefined;
  const isFit = typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value));
  if (isFit) return value;
  throw badField(name, `${name} must be a ${isWhole ? 'whole ' : ''}number between ${min} and ${max}`);
}
