import type { CommandContext } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import type { ConceptList } from '../../model/explaining/concepts.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { ToldCuts } from '../io/cut-texts.js';
import { readTextList } from '../io/lists.js';

/**
 * The concepts in a file, each once.
 * @throws CocaError `bad-data` for a list without texts, or of one alone: its mean would be itself
 */
export async function conceptListOf(file: string, context: CommandContext): Promise<ConceptList> {
  const texts = new Set<string>();
  for await (const text of readTextList(file, context.stdin)) texts.add(text.trim());
  texts.delete('');
  if (texts.size < 2) throw new CocaError('bad-data', `${file} has fewer than two concepts`, 'one a line');
  return { name: file, texts: [...texts] };
}

/**
 * Concepts with their embeddings: those that were given, of the bundled model the words of its scenes, else common words.
 * @throws CocaError as `conceptEmbeddings`
 */
export async function embeddedConcepts(
  given: ConceptList | undefined,
  coca: LoadedCoca,
  isBundled: boolean,
  cuts: ToldCuts,
  { status, signal, notice }: CommandContext,
): Promise<{ readonly list: ConceptList; readonly embeddings: readonly Float32Array[] }> {
  const { commonWords, conceptEmbeddings, worldConcepts } = await import('../../model/explaining/concepts.js');
  const list = given ?? (isBundled ? worldConcepts() : await commonWords());
  const embeddings = await conceptEmbeddings(coca, list, {
    ...cuts.options,
    signal,
    onBroken: notice,
    onProgress: (part) => status.show(`embedding ${list.texts.length} concepts: ${Math.floor(100 * part)} %`),
  });
  return { list, embeddings };
}
