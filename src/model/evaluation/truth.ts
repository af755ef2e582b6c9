import { kindOf, type SceneKind } from '../scenes/world/content.js';
import { judge, parseCaption, readingsOf, type Verdict } from '../scenes/world/grammar.js';
import type { Metrics } from './measure.js';

const KINDS: readonly SceneKind[] = ['single', 'count', 'pair'];
const PARTS: readonly (keyof Verdict)[] = ['things', 'counts', 'relation', 'size', 'background'];

/** A part of something: how many of how many. */
class Share {
  #hits = 0;
  #total = 0;

  add(hit: boolean): void {
    this.#total++;
    if (hit) this.#hits++;
  }

  get value(): number | null {
    return this.#total === 0 ? null : this.#hits / this.#total;
  }
}

/**
 * How many captions are true of their scenes: are one of the true captions. For scenes of our own world also by the kind
 * of scene, and which parts of the captions hold (a caption that is not of the grammar holds in none).
 */
export class TruthCount {
  readonly #all = new Share();
  readonly #ofKind = new Map(KINDS.map((kind) => [kind, new Share()]));
  readonly #inGrammar = new Share();
  readonly #ofPart = new Map(PARTS.map((part) => [part, new Share()]));

  /** @returns whether the caption is true */
  add(caption: string, trueCaptions: readonly string[]): boolean {
    const isTrue = trueCaptions.includes(caption);
    this.#all.add(isTrue);
    const readings = readingsOf(trueCaptions);
    if (readings.length === 0) return isTrue;
    this.#ofKind.get(kindOf(readings[0]!.groups))!.add(isTrue);
    const claim = parseCaption(caption);
    this.#inGrammar.add(claim !== undefined);
    const verdicts = claim ? readings.map((reading) => judge(claim, reading)) : [];
    for (const [part, share] of this.#ofPart) {
      // A pair that can be read either way says nothing of whether relations are known.
      if (part === 'relation' && readings.length > 1) continue;
      share.add(verdicts.some((verdict) => verdict[part]));
    }
    return isTrue;
  }

  /** Nothing where no true captions were known, nor parts where no scene was of our world. */
  metrics(): Metrics {
    if (this.#all.value === null) return {};
    const own: [string, number | null][] = [
      ...[...this.#ofKind].map(([kind, share]): [string, number | null] => [`true_captions_${kind}`, share.value]),
      ['in_grammar', this.#inGrammar.value],
      ...[...this.#ofPart].map(([part, share]): [string, number | null] => [`${part}_right`, share.value]),
    ];
    return { true_captions: this.#all.value, ...Object.fromEntries(this.#inGrammar.value === null ? [] : own) };
  }
}
