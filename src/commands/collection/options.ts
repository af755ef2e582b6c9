import type { OptionSpecs } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { Filter } from '../../model/collection/filter.js';

/** Pictures that go through the model together, where an index is made on the way. */
export const INDEX_BATCH = 8;

/** Where the index lies. */
export const INDEX_OPTION = {
  index: {
    type: 'text',
    kind: 'folder',
    placeholder: 'DIR',
    otherwise: 'in the cache',
    description: 'where the index lies',
  },
} as const satisfies OptionSpecs;

/** The same for commands that need an index, and whether it is looked over first. */
export const USED_INDEX_OPTIONS = {
  update: { type: 'flag', description: 'brings the index up to date first, as coca index does' },
  ...INDEX_OPTION,
} as const satisfies OptionSpecs;

/** Which pictures of a collection are meant. */
export const FILTER_OPTIONS = {
  folder: {
    type: 'text',
    placeholder: 'PATH',
    description: 'only pictures in this folder, below the one that is searched',
    group: 'Which pictures',
  },
  after: {
    type: 'text',
    placeholder: 'DATE',
    description: 'only files last changed on this day or later (2026-11-28, or with a time, 2026-11-28T09:30)',
    group: 'Which pictures',
  },
  before: {
    type: 'text',
    placeholder: 'DATE',
    description: 'only files last changed before this day or time',
    group: 'Which pictures',
  },
  minSide: {
    type: 'integer',
    min: 1,
    placeholder: 'PIXELS',
    description: 'only pictures whose shorter side has so many pixels',
    group: 'Which pictures',
  },
  minBytes: {
    type: 'integer',
    min: 0,
    placeholder: 'N',
    description: 'only files of N bytes or more',
    group: 'Which pictures',
  },
  maxBytes: {
    type: 'integer',
    min: 0,
    placeholder: 'N',
    description: 'only files of N bytes or fewer',
    group: 'Which pictures',
  },
} as const satisfies OptionSpecs;

export interface FilterValues {
  readonly folder: string | undefined;
  readonly after: string | undefined;
  readonly before: string | undefined;
  readonly minSide: number | undefined;
  readonly minBytes: number | undefined;
  readonly maxBytes: number | undefined;
}

/**
 * The filter that options describe.
 * @param below the folder that is searched, below the root of the index
 * @throws CocaError `usage` for what is no date
 */
export function filterOf({ folder, after, before, minSide, minBytes, maxBytes }: FilterValues, below = ''): Filter {
  const inside = (folder ?? '').split('/').filter((part) => part !== '' && part !== '.');
  if (inside.includes('..') || folder?.startsWith('/')) {
    throw new CocaError(
      'usage',
      `--folder ${folder} is not below the folder that is searched`,
      'name that folder itself',
    );
  }
  return {
    below: below + inside.map((part) => `${part}/`).join(''),
    ...(after !== undefined && { after: timeOf('after', after) }),
    ...(before !== undefined && { before: timeOf('before', before) }),
    ...(minSide !== undefined && { minSide }),
    ...(minBytes !== undefined && { minBytes }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** Milliseconds since 1970 of a local date, its first moment where it has no time. */
function timeOf(option: string, text: string): number {
  const parts = DATE.exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  if (parts !== undefined) {
    const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number];
    const date = new Date(year, month - 1, day, hour, minute, second);
    // The 31st of April is no date, and would be the first of May.
    if (date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60) {
      return date.getTime();
    }
  }
  throw new CocaError('usage', `--${option} ${text} is no date`, 'as in 2026-11-28 or 2026-11-28T09:30');
}
