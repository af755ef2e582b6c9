import type { ModelSource } from '../../cli/command.js';
import { Lru } from '../../model/base/lru.js';
import type { LoadedCoca, LoadOptions } from '../../model/store/load.js';
import { chosenModel } from '../../model/store/locate.js';

/** How many models a session keeps: two can be compared, and memory ends somewhere. */
const KEPT = 2;

/** Models that stay loaded between commands; the least recently used makes room. */
export class WarmModels implements ModelSource {
  readonly #models = new Lru<string, Promise<LoadedCoca>>();

  constructor(private readonly load: (options: LoadOptions) => Promise<LoadedCoca>) {}

  async borrow(options: LoadOptions): Promise<LoadedCoca> {
    const key = await keyOf(options);
    const known = this.#models.get(key);
    const model = known ?? this.load(options);
    this.#models.set(key, model);
    const forget = () => {
      if (this.#models.get(key) === model) this.#models.delete(key);
    };
    try {
      const loaded = await model;
      // Without its engine it is of no use: the next command has it loaded anew.
      if (loaded.ended?.aborted) forget();
      else if (!known) loaded.ended?.addEventListener('abort', forget, { once: true });
      await Promise.all(this.#models.trim(KEPT).map(close));
      return loaded;
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** It stays: the next command finds it warm. */
  async giveBack(): Promise<void> {}

  /** Forgets a model, so that it is loaded anew: its files may have changed. */
  async drop(options: LoadOptions): Promise<void> {
    const key = await keyOf(options);
    const model = this.#models.get(key);
    this.#models.delete(key);
    await close(model);
  }

  async close(): Promise<void> {
    const models = [...this.#models.values()];
    this.#models.clear();
    await Promise.all(models.map(close));
  }
}

/** What tells models apart; the default may become another one while a session lasts. */
async function keyOf({ model, config, device, engine, precision, pixels }: LoadOptions): Promise<string> {
  const chosen = await chosenModel(model);
  return JSON.stringify([chosen.model, config, device, engine, precision ?? chosen.precision, pixels]);
}

async function close(model: Promise<LoadedCoca> | undefined): Promise<void> {
  // One that could not be loaded needs no closing.
  const loaded = await model?.catch(() => undefined);
  await loaded?.close();
}
