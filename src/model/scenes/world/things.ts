import { readFileSync } from 'node:fs';

/** What the synthetic world consists of. */

export interface Thing {
  readonly singular: string;
  readonly plural: string;
  /** File name of its picture in emoji-datasource-google. */
  readonly art: string;
}

export type Rgb = readonly [red: number, green: number, blue: number];

interface WorldFile {
  readonly things: readonly Thing[];
  readonly backgrounds: Readonly<Record<string, Rgb>>;
  readonly numbers: Readonly<Record<string, string>>;
}

const FILE = new URL('../../../../assets/scenes-world.json', import.meta.url);

const { things, backgrounds, numbers } = JSON.parse(readFileSync(FILE, 'utf8')) as WorldFile;

/** Scenes speak of things by their index here, and so does the rule that keeps pairs for tests: never reorder. */
export const THINGS: readonly Thing[] = things;

/** Background colours, 0 to 255, by name. */
export const BACKGROUNDS: ReadonlyMap<string, Rgb> = new Map(Object.entries(backgrounds));

/** Words of the counts above one. */
export const NUMBERS: ReadonlyMap<number, string> = new Map(
  Object.entries(numbers).map(([count, word]) => [Number(count), word]),
);
