import type { Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { visible } from '../../ui/text.js';
import { capturing } from './capture.js';
import type { SessionContext } from './context.js';
import type { FilledLine } from './line/arguments.js';
import { shortName } from './pictures.js';
import type { Session } from './session.js';

interface CaptionObject {
  readonly image: string;
  readonly caption: string;
}

interface RankObject {
  readonly image: string;
  readonly results: readonly { readonly caption: string; readonly cosine: number }[];
}

/**
 * All open pictures beside the same captions, by the cosine of their embeddings.
 * @param given the captions; without any, those of the pictures
 */
export async function comparePictures(
  session: Session,
  given: readonly string[],
  options: { readonly json: boolean },
  context: SessionContext,
): Promise<Outcome> {
  const { names } = session.pictures;
  if (names.length === 0) throw new CocaError('usage', 'no picture is open', 'open *.png');
  const captions = given.length > 0 ? [...given] : await captionsOfAll(session, context);
  if (captions.length === 0) return { done: 0, failed: names.length };
  const ranking: FilledLine = { positionals: captions, options: names.flatMap((name) => ['--image', name]) };
  const { objects, text, outcome } = await objectsOf<RankObject>(session, 'rank', ranking, context);
  if (options.json) await context.out.write(text);
  else await writeTable(objects, captions, session, context);
  return outcome;
}

/** A caption of each picture, those that are known already and those that are not. */
async function captionsOfAll(session: Session, context: SessionContext): Promise<string[]> {
  const { pictures } = session;
  const unknown = pictures.names.filter((name) => pictures.captionOf(name) === undefined);
  if (unknown.length > 0) {
    await objectsOf<CaptionObject>(session, 'caption', { positionals: unknown, options: [] }, context);
  }
  const captions = pictures.names.map((name) => pictures.captionOf(name));
  return [...new Set(captions.filter((caption) => caption !== undefined))];
}

/** Runs a command for its objects; its failures are reported as ever, and it counts among the session's actions. */
async function objectsOf<T>(session: Session, name: string, line: FilledLine, context: SessionContext) {
  const captured = capturing(context);
  const asked = { ...line, options: [...line.options, '--json'] };
  const outcome = await session.runProgram(session.program(name), asked, captured.context);
  const text = captured.text();
  const objects = (JSON.parse(text || '[]') as (T | { readonly error: unknown })[]).filter(isResult<T>);
  return { objects, text, outcome };
}

function isResult<T>(object: T | { readonly error: unknown }): object is T {
  return typeof object === 'object' && object !== null && !('error' in object);
}

async function writeTable(
  objects: readonly RankObject[],
  captions: readonly string[],
  session: Session,
  context: SessionContext,
): Promise<void> {
  const { terminal, out } = context;
  const rows = objects.map(({ image, results }) => ({
    image,
    cosines: captions.map((caption) => results.find((result) => result.caption === caption)?.cosine ?? null),
  }));
  if (terminal.interactive) {
    const { compareLines } = await import('../../ui/compare-view.js');
    const numbered = rows.map(({ image, cosines }) => {
      return { name: `${session.pictures.names.indexOf(image) + 1} ${shortName(image)}`, cosines };
    });
    await out.write(`${compareLines(numbered, captions, terminal.columns, terminal.colors).join('\n')}\n`);
    return;
  }
  await out.line(['', ...captions.map(visible)].join('\t'));
  for (const { image, cosines } of rows) {
    await out.line([visible(image), ...cosines.map((cosine) => cosine?.toFixed(6) ?? '-')].join('\t'));
  }
}
