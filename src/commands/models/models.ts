import { defineVerbs } from '../../cli/command.js';
import { modelsInfo } from './info.js';
import { modelsList } from './list.js';
import { modelsPull } from './pull.js';
import { modelsRemove } from './remove.js';
import { modelsSites } from './sites.js';
import { modelsUse } from './use.js';

export const models = defineVerbs(
  {
    name: 'models',
    summary: 'the models on this machine and where they come from: lists, fetches, chooses, describes and removes them',
    details: [
      'Models are kept in the Hugging Face cache, which they share with Python: what either has fetched the other uses. HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE mean what they mean there.',
      'A model is named by a short name of the list, by hf-hub:OWNER/NAME or OWNER/NAME, each with @REVISION for another branch, tag or commit than main.',
    ].join('\n'),
  },
  [modelsList, modelsPull, modelsUse, modelsInfo, modelsSites, modelsRemove],
);
