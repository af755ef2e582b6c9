/** A colour of a picture, in blocks of 8 x 8 samples. */
export interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  /** Blocks of the component's own samples, and of those that whole MCUs hold. */
  readonly columns: number;
  readonly rows: number;
  readonly stride: number;
  readonly lines: number;
  /** Progressive: which coefficients of which block are other than 0, as 64 bits a block; made when first needed. */
  nonzero?: Uint32Array;
  /** Whether a scan gave its DC coefficients. */
  seen: boolean;
}

/** What a frame's header says (SOF). */
export interface Frame {
  readonly progressive: boolean;
  readonly components: readonly Component[];
  /** MCUs of a scan of several components. */
  readonly columns: number;
  readonly rows: number;
}

/** Reads SOF0 to SOF2 (B.2.2); undefined for what no decoder takes. */
export function readFrame(file: Uint8Array, start: number, end: number, progressive: boolean): Frame | undefined {
  const height = (file[start + 1]! << 8) | file[start + 2]!;
  const width = (file[start + 3]! << 8) | file[start + 4]!;
  const count = file[start + 5]!;
  if (file[start] !== 8 || height === 0 || width === 0 || count < 1 || count > 4 || start + 6 + 3 * count > end) return;
  const given = Array.from({ length: count }, (_, i) => {
    const at = start + 6 + 3 * i;
    return { id: file[at]!, across: file[at + 1]! >> 4, down: file[at + 1]! & 15 };
  });
  if (given.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) return;
  const mostAcross = Math.max(...given.map(({ across }) => across));
  const mostDown = Math.max(...given.map(({ down }) => down));
  const columns = Math.ceil(width / (8 * mostAcross));
  const rows = Math.ceil(height / (8 * mostDown));
  const components = given.map(
    (component): Component => ({
      ...component,
      columns: Math.ceil(Math.ceil((width * component.across) / mostAcross) / 8),
      rows: Math.ceil(Math.ceil((height * component.down) / mostDown) / 8),
      stride: columns * component.across,
      lines: rows * component.down,
      seen: false,
    }),
  );
  return { progressive, components, columns, rows };
}
