import type { OptionSpecs } from '../../cli/command.js';

/** Options about where a data set has its pictures and captions. */
export const DATA_OPTIONS = {
  imageField: { type: 'text', placeholder: 'NAME', description: 'field or column of the path of the picture' },
  captionField: { type: 'text', placeholder: 'NAME', description: 'field or column of the caption' },
  imageFolder: {
    type: 'text',
    kind: 'folder',
    placeholder: 'FOLDER',
    description: 'where relative paths of pictures start',
    otherwise: 'the folder of the file that names them',
  },
} as const satisfies OptionSpecs;
