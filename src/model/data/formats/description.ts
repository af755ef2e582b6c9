import { isObject, type Json } from '../../base/json.js';
import type { Description } from '../sample.js';

/**
 * What a JSON object says about its picture: `caption` (under whatever name) as a text or a list of texts, or `captions`, which may also have
 * either by language (`{"en": ..., "de": ...}`);
 * `label`; `true_captions` and `hard_negatives` as `coca scenes` writes them; `question` with `answer` (a text or a list) or `answers`, and
 * `question_type` and `answer_type`. A question or an answer that lacks the other says nothing. Unknown fields are left alone.
 * @throws TypeError naming the field that is something else
 */
export function describe(record: Json, captionField: string): Description {
  const byLanguage = [captionField, 'captions'].map((field) => record[field]).find(isObject);
  const [captions, languages] = byLanguage
    ? captionsByLanguage(byLanguage)
    : [texts(record, captionField) ?? texts(record, 'captions') ?? []];
  const trueCaptions = texts(record, 'true_captions');
  const hardNegatives = texts(record, 'hard_negatives');
  const label = typeof record.label === 'bigint' ? String(record.label) : record.label;
  if (label !== undefined && label !== null && typeof label !== 'string' && !Number.isInteger(label)) {
    throw new TypeError(`"label" is neither a text nor a whole number`);
  }
  return {
    captions,
    ...(languages && { languages }),
    ...((typeof label === 'string' || typeof label === 'number') && { label }),
    ...(trueCaptions && { trueCaptions }),
    ...(hardNegatives && { hardNegatives }),
    ...askedIn(record),
  };
}

function captionsByLanguage(captions: Json): [captions: string[], languages: string[]] {
  const each = Object.keys(captions).flatMap((language) =>
    (texts(captions, language) ?? []).map((caption) => ({ language, caption })),
  );
  return [each.map(({ caption }) => caption), each.map(({ language }) => language)];
}

function askedIn(record: Json): Pick<Description, 'asked'> {
  const question = text(record, 'question');
  const answers = texts(record, 'answer') ?? texts(record, 'answers') ?? [];
  const said = answers.filter((answer) => answer.trim() !== '');
  if (question === undefined || question.trim() === '' || said.length === 0) return {};
  const questionType = text(record, 'question_type');
  const answerType = text(record, 'answer_type');
  return {
    asked: {
      question,
      answers: said,
      ...(questionType !== undefined && { questionType }),
      ...(answerType !== undefined && { answerType }),
    },
  };
}

function text(record: Json, field: string): string | undefined {
  const value = record[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new TypeError(`"${field}" is no text`);
  return value;
}

/** A text as a list of one; undefined where there is none. */
function texts(record: Json, field: string): readonly string[] | undefined {
  const value = record[field];
  if (value === undefined || value === null) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((entry) => typeof entry === 'string')) throw new TypeError(`"${field}" holds other things than text`);
  return list as readonly string[];
}
