import { inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { decode } from 'sixel';

/** Pixels of a cell of the terminals that tests imagine. */
export const CELL = { width: 10, height: 20 };

/** A picture that a terminal shows, by which protocol it came, and the cells that it takes. */
export interface ShownPicture {
  readonly protocol: 'kitty' | 'iterm' | 'sixel';
  /** Kitty's number for it. */
  readonly id?: number;
  readonly row: number;
  readonly column: number;
  readonly columns: number;
  readonly rows: number;
  /** As it was sent: pixels or a file in base64, or sixels. */
  readonly payload: string;
  readonly keys: Readonly<Record<string, string>>;
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** The pixels of a picture, by decoders that are not ours. */
export async function pixelsOf({ protocol, payload, keys }: ShownPicture): Promise<Pixels> {
  switch (protocol) {
    case 'kitty':
      return { width: Number(keys.s), height: Number(keys.v), rgb: inflateSync(Buffer.from(payload, 'base64')) };
    case 'iterm': {
      const { data, info } = await sharp(Buffer.from(payload, 'base64')).raw().toBuffer({ resolveWithObject: true });
      if (info.channels !== 3) throw new Error(`${info.channels} channels`);
      return { width: info.width, height: info.height, rgb: data };
    }
    case 'sixel': {
      const [width, height] = /^\d+;\d+q"1;1;(\d+);(\d+)/.exec(payload)!.slice(1).map(Number) as [number, number];
      const { data32, width: stride } = decode(Buffer.from(payload.slice(payload.indexOf('q') + 1)));
      const rgb = new Uint8Array(width * height * 3);
      for (let i = 0; i < width * height; i++) {
        const pixel = data32[Math.floor(i / width) * stride + (i % width)]!; // ABGR
        rgb.set([pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255], i * 3);
      }
      return { width, height, rgb };
    }
  }
}

const keysOf = (text: string, separator: string): Record<string, string> =>
  Object.fromEntries(text.split(separator).map((pair) => pair.split('=') as [string, string]));

/** The pictures on a terminal's screen. */
export class ShownPictures {
  #shown: ShownPicture[] = [];
  /** A command of Kitty's whose payload goes on. */
  #open: { keys: Record<string, string>; payload: string; row: number; column: number } | undefined;

  get list(): readonly ShownPicture[] {
    return this.#shown;
  }

  clear(): void {
    this.#shown = [];
  }

  /** All go up by a row with their text. */
  scroll(): void {
    this.#shown = this.#shown.map((picture) => ({ ...picture, row: picture.row - 1 }));
  }

  /** Text over a cell wipes away what came inline; Kitty's pictures stay. */
  wipe(row: number, from: number, to: number): void {
    this.#shown = this.#shown.filter(
      (picture) =>
        picture.protocol === 'kitty' ||
        row < picture.row ||
        row >= picture.row + picture.rows ||
        to <= picture.column ||
        from >= picture.column + picture.columns,
    );
  }

  /** `keys;payload` between ESC _ G and ESC \. */
  kitty(command: string, row: number, column: number): void {
    const at = command.indexOf(';');
    const keys = keysOf(at < 0 ? command : command.slice(0, at), ',');
    const payload = at < 0 ? '' : command.slice(at + 1);
    if (payload.length > 4096) throw new Error(`a chunk of ${payload.length} bytes`);
    if (keys.q !== '2') throw new Error(`the terminal would answer ${command.slice(0, 60)}`);
    if (keys.a === 'd') {
      this.#shown = this.#shown.filter(({ id }) => id !== Number(keys.i));
      return;
    }
    const open = this.#open ?? { keys, payload: '', row, column };
    open.payload += payload;
    this.#open = keys.m === '1' ? open : undefined;
    if (this.#open) return;
    const { a, f, o, i, c, r } = open.keys;
    if (a !== 'T' || f !== '24' || o !== 'z') throw new Error(`not what we send: ${JSON.stringify(open.keys)}`);
    const id = i === undefined ? {} : { id: Number(i) };
    if (i !== undefined) this.#shown = this.#shown.filter((shown) => shown.id !== Number(i));
    this.#add({ protocol: 'kitty', ...id, ...open, columns: Number(c), rows: Number(r) });
  }

  /** What is between ESC ] 1337;File= and BEL. */
  iterm(text: string, row: number, column: number): void {
    const at = text.indexOf(':');
    const keys = keysOf(text.slice(0, at), ';');
    const [columns, rows] = [Number(keys.width), Number(keys.height)];
    this.#add({ protocol: 'iterm', keys, payload: text.slice(at + 1), row, column, columns, rows });
  }

  /** What is between ESC P and ESC \. */
  sixel(payload: string, row: number, column: number): void {
    const [, width, height] = /^\d+;\d+q"1;1;(\d+);(\d+)/.exec(payload)!.map(Number);
    const [columns, rows] = [Math.ceil(width! / CELL.width), Math.ceil(height! / CELL.height)];
    this.#add({ protocol: 'sixel', keys: {}, payload, row, column, columns, rows });
  }

  #add(picture: ShownPicture): void {
    for (let row = picture.row; row < picture.row + picture.rows; row++) {
      this.wipe(row, picture.column, picture.column + picture.columns);
    }
    this.#shown.push(picture);
  }
}
