import type { Answer } from '../../cli/answers.js';
import type { Command, Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { choosePictureKind } from '../../ui/picture/choose.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { writeFindings } from '../io/define-results.js';
import { openPicture, type ReadablePicture } from '../io/pictures.js';
import type { Ranking } from '../rank/output.js';
import type { Performed } from './action.js';
import { capturing } from './capture.js';
import type { SessionContext } from './context.js';
import type { FilledLine } from './line/arguments.js';
import { shortName } from './pictures.js';
import type { ReplSession } from './session.js';

/**
 * All open pictures beside the same captions, by the cosine of their embeddings.
 * @param given the captions; without any, those of the pictures
 */
export async function comparePictures(
  session: ReplSession,
  given: readonly string[],
  options: { readonly json: boolean },
  context: SessionContext,
): Promise<Outcome> {
  const { names } = session.pictures;
  if (names.length === 0) throw new CocaError('usage', 'no picture is open', 'open *.png');
  const captions = given.length > 0 ? [...given] : await captionsOfAll(session, context);
  if (captions.length === 0) return { done: 0, failed: names.length };
  const ranking: FilledLine = { positionals: captions, options: names.flatMap((name) => ['--image', name]) };
  const rank = session.program('rank');
  const { answers, invocation, outcome } = await findings(session, rank, ranking, context);
  if (options.json) {
    const writer = await rank.writer!('json', invocation!, context);
    // What failed was told when it did.
    await writeFindings(answers, writer, { ...context, complain: () => undefined, onAnswer: () => undefined });
  } else await writeTable(answers.flatMap(rankingOf), captions, session, context);
  return outcome;
}

/** A caption of each picture, those that are known already and those that are not. */
async function captionsOfAll(session: ReplSession, context: SessionContext): Promise<string[]> {
  const { pictures } = session;
  const unknown = pictures.names.filter((name) => pictures.captionOf(name) === undefined);
  if (unknown.length > 0) {
    await findings(session, session.program('caption'), { positionals: unknown, options: [] }, context);
  }
  const captions = pictures.names.map((name) => pictures.captionOf(name));
  return [...new Set(captions.filter((caption) => caption !== undefined))];
}

/** Runs a command for its answers; its failures are reported as ever, and it counts among the session's actions. */
function findings(
  session: ReplSession,
  command: Command,
  line: FilledLine,
  context: SessionContext,
): Promise<Performed> {
  const asked = { ...line, options: [...line.options, '--json'] };
  return session.perform(command, asked, capturing(context).context, Number.POSITIVE_INFINITY);
}

const rankingOf = (answer: Answer): Ranking[] => (answer.kind === 'result' ? [answer.result as Ranking] : []);

/** The pictures that were compared, as the model sees them. */
function picturesOf(
  rows: readonly { readonly image: string }[],
  session: ReplSession,
  context: SessionContext,
): Promise<readonly ReadablePicture[]> {
  return session.withModel(context, async (coca) => {
    const { frames } = session.settings;
    const opened = await Promise.all(rows.map(({ image }) => openPicture(image, coca, context, { clips: { frames } })));
    return opened.filter((one) => 'picture' in one);
  });
}

async function writeTable(
  rankings: readonly Ranking[],
  captions: readonly string[],
  session: ReplSession,
  context: SessionContext,
): Promise<void> {
  const { terminal, out } = context;
  const rows = rankings.map(({ image, results }) => ({
    image,
    cosines: captions.map((caption) => results.find((result) => result.caption === caption)?.cosine ?? null),
  }));
  if (terminal.interactive) {
    const { comparedPictures, compareLines } = await import('../../ui/compare-view.js');
    const nameOf = (image: string) => `${session.pictures.names.indexOf(image) + 1} ${shortName(image)}`;
    const numbered = rows.map(({ image, cosines }) => ({ name: nameOf(image), cosines }));
    const shown = await picturesOf(rows, session, context);
    const images = (session.settings.get('images') ?? 'auto') as PictureKind | 'auto';
    const named = shown.map(({ name, picture }) => ({ name: nameOf(name), picture }));
    await out.write(comparedPictures(named, choosePictureKind(images, terminal), terminal));
    await out.write(`${compareLines(numbered, captions, terminal.columns, terminal.colors).join('\n')}\n`);
    return;
  }
  await out.line(['', ...captions.map(visible)].join('\t'));
  for (const { image, cosines } of rows) {
    await out.line([visible(image), ...cosines.map((cosine) => cosine?.toFixed(6) ?? '-')].join('\t'));
  }
}
