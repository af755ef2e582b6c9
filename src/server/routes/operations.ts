import type { FastifyInstance } from 'fastify';
import type { LoadedCoca } from '../../model/store/load.js';
import { EventStream, fieldsOf, inQueue, type Serving } from '../handling.js';
import type { NamedPicture } from '../pictures.js';
import { pictureOf } from '../pictures.js';
import { badField } from '../refusal.js';
import { SureWords } from '../words.js';

/** What an operation is asked. */
export interface Asked {
  readonly coca: LoadedCoca;
  /** The model as it was named when the server was started. */
  readonly named: string | undefined;
  readonly picture: NamedPicture;
  /** All other fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** What a command does with one picture, as a function: its JSON object. */
export interface Operation {
  readonly name: string;
  readonly run: (asked: Asked) => Promise<object>;
  /** The text of a result whose words can be told as they are found. */
  readonly textOf?: (result: object) => string;
}

/** `POST /v1/NAME` for each operation. */
export function operationRoutes(app: FastifyInstance, serving: Serving, operations: readonly Operation[]): void {
  for (const { name, run, textOf } of operations) {
    app.post(`/v1/${name}`, (request, reply) =>
      inQueue(serving, reply, async (signal) => {
        const { model, image, stream, ...fields } = fieldsOf(request);
        const served = serving.models().get(textField(model, 'model'));
        const isStreamed = flagField(stream, 'stream');
        if (isStreamed && textOf === undefined) throw badField('stream', `${name} finds no words one by one`);
        if (image === undefined)
          throw badField('image', 'image is missing', 'give a data URL: data:image/png;base64,...');
        const picture = await pictureOf(image, 'image', serving.sources, signal);
        if (!isStreamed) {
          return run({ coca: await served.borrow(), named: served.named, picture, fields, signal });
        }
        const events = new EventStream(reply);
        return events.run(async () => {
          const { tokenizer } = await served.borrow();
          const words = new SureWords(tokenizer, (text) => events.send({ text }, 'words'));
          const coca = await served.borrow((ids) => words.step(ids));
          const result = await run({ coca, named: served.named, picture, fields, signal });
          words.finish(textOf!(result));
          events.send(result, 'result');
        });
      }),
    );
  }
}

/** @throws Refusal for anything but a text */
export function textField(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw badField(name, `${name} is no text`);
}

/** A flag as JSON or a form has it. */
export function flagField(value: unknown, name: string): boolean {
  if (value === undefined || value === false || value === 'false' || value === null) return false;
  if (value === true || value === 'true') return true;
  throw badField(name, `${name} is neither true nor false`);
}
