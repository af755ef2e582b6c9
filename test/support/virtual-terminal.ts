import { widthOf } from '../../src/ui/layout.js';
import { type ShownPicture, ShownPictures } from './terminal-pictures.js';

interface Cell {
  readonly text: string;
  /** The SGR parameters in force, one after the other. */
  readonly style: string;
}

const EMPTY: Cell = { text: ' ', style: '' };

/** Parameters that take the place of each other: colours, and what is on or off. */
const KINDS = [/^(38;.*|39|3[0-7]|9[0-7])$/, /^(48;.*|49|4[0-7]|10[0-7])$/, /^2?4$/, /^2?7$/];

/** The parameters in force after these: of each kind the last alone, or there would be more and more. */
function styled(style: string, parameters: string): string {
  if (parameters === '' || parameters === '0') return '';
  const kind = KINDS.find((one) => one.test(parameters)) ?? (parameters === '22' ? /^(1|2|22)$/ : undefined);
  const others = style.split(' ').filter((one) => one !== '' && one !== parameters && !kind?.test(one));
  return [...others, parameters, ''].join(' ');
}

/** As much of a terminal as our programs use: what is on its screen after these bytes? */
export class VirtualTerminal {
  #cells: Cell[][];
  #row = 0;
  #column = 0;
  #style = '';
  #saved = { row: 0, column: 0, style: '' };
  /** Of the main screen: each screen has its own. */
  #left: { row: number; column: number; style: string; cells: Cell[][] };
  /** Modes that were set and not reset: 25 the cursor, 1049 the alternate screen. */
  readonly modes = new Set(['25']);
  /** Rows that went off the top. */
  scrolled = 0;
  readonly #pictures = new ShownPictures();

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    this.#cells = this.#blank();
    this.#left = { row: 0, column: 0, style: '', cells: this.#cells };
  }

  write(text: string): this {
    // biome-ignore lint/complexity/useRegexLiterals: the escape character is clearer by name
    const tokens = new RegExp(
      '\\u001b\\[([?]?)([0-9;]*)([A-Za-z])|\\u001b([78])|\\u001b(_G|P|\\]1337;File=)(.*?)(?:\\u001b\\\\|\\u0007)|\\r|\\n|(.)',
      'gsu',
    );
    for (const match of text.matchAll(tokens)) {
      const [token, isPrivate, parameters, final, single, graphics, content, character] = match;
      if (token === '\r') this.#column = 0;
      else if (token === '\n') this.#newLine();
      else if (single) this.#saveOrRestore(single);
      else if (graphics) this.#draw(graphics, content!);
      else if (final) this.#control(final, parameters!, isPrivate === '?');
      else if (character! >= ' ') this.#print(character!);
      else throw new Error(`not for a terminal: ${JSON.stringify(text.slice(match.index, match.index + 20))}`);
    }
    return this;
  }

  /** The screen's rows, without the blanks at their ends. */
  lines(): string[] {
    return this.#cells.map((row) =>
      row
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    );
  }

  text(): string {
    return this.lines().join('\n').trimEnd();
  }

  cell(row: number, column: number): Cell {
    return this.#cells[row]![column]!;
  }

  /** The pictures on the screen, in the order in which they came. */
  pictures(): readonly ShownPicture[] {
    return this.#pictures.list;
  }

  #draw(introducer: string, content: string): void {
    if (introducer === '_G') this.#pictures.kitty(content, this.#row, this.#column);
    else if (introducer === 'P') this.#pictures.sixel(content, this.#row, this.#column);
    else this.#pictures.iterm(content, this.#row, this.#column);
  }

  #blank(): Cell[][] {
    return Array.from({ length: this.rows }, () => Array<Cell>(this.columns).fill(EMPTY));
  }

  #newLine(): void {
    this.#column = 0;
    if (++this.#row < this.rows) return;
    this.#row = this.rows - 1;
    this.scrolled++;
    this.#pictures.scroll();
    this.#cells.shift();
    this.#cells.push(Array<Cell>(this.columns).fill(EMPTY));
  }

  #print(text: string): void {
    const width = widthOf(text);
    if (this.#column + width > this.columns) this.#newLine();
    const row = this.#cells[this.#row]!;
    this.#pictures.wipe(this.#row, this.#column, this.#column + width);
    row[this.#column] = { text, style: this.#style };
    if (width === 2) row[this.#column + 1] = { text: '', style: this.#style };
    this.#column += width;
  }

  #saveOrRestore(which: string): void {
    if (which === '7') this.#saved = { row: this.#row, column: this.#column, style: this.#style };
    else ({ row: this.#row, column: this.#column, style: this.#style } = this.#saved);
  }

  /** The other screen is empty; coming back, everything is as it was. */
  #otherScreen(isEntered: boolean): void {
    if (isEntered) {
      this.#left = { row: this.#row, column: this.#column, style: this.#style, cells: this.#cells };
      this.#cells = this.#blank();
    } else ({ row: this.#row, column: this.#column, style: this.#style, cells: this.#cells } = this.#left);
    this.#pictures.clear();
  }

  #control(final: string, parameters: string, isPrivate: boolean): void {
    const [first = 0, second = 0] = parameters.split(';').map(Number);
    const by = Math.max(1, first);
    switch (final) {
      case 'm':
        this.#style = styled(this.#style, parameters);
        return;
      case 'A':
        this.#row = Math.max(0, this.#row - by);
        return;
      case 'B':
        this.#row = Math.min(this.rows - 1, this.#row + by);
        return;
      case 'E':
        this.#row = Math.min(this.rows - 1, this.#row + by);
        this.#column = 0;
        return;
      case 'G':
        this.#column = by - 1;
        return;
      case 'H':
        this.#row = Math.min(this.rows, by) - 1;
        this.#column = Math.max(1, second) - 1;
        return;
      case 'K':
        this.#cells[this.#row]!.fill(EMPTY, first === 2 ? 0 : this.#column);
        this.#pictures.wipe(this.#row, first === 2 ? 0 : this.#column, this.columns);
        return;
      case 'X':
        this.#cells[this.#row]!.fill(EMPTY, this.#column, this.#column + by);
        this.#pictures.wipe(this.#row, this.#column, this.#column + by);
        return;
      case 'J':
        if (first < 2) return;
        this.#cells = this.#blank();
        this.#pictures.clear();
        return;
      case 't':
      case 'S':
        if (final === 'S' && !isPrivate) break;
        return; // questions: whoever tests answers them
      case 'h':
      case 'l':
        if (!isPrivate) break;
        for (const mode of parameters.split(';')) final === 'h' ? this.modes.add(mode) : this.modes.delete(mode);
        if (parameters === '1049') this.#otherScreen(final === 'h');
        return;
    }
    throw new Error(`the virtual terminal does not know ${JSON.stringify(`ESC[${parameters}${final}`)}`);
  }
}
