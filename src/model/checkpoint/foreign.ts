/** What a file turned out to be that is saved where safetensors weights are expected. */
export interface ForeignFile {
  readonly kind: 'empty' | 'zip' | 'tar' | 'pickle' | 'lfs' | 'html' | 'json';
  /** Completes "the file is ...". */
  readonly what: string;
  readonly hint: string;
}

/** How many bytes from the start `recognise` wants to see. */
export const HEAD_BYTES = 512;

/** The command that turns an old file of PyTorch's into one that can be read here. */
const RESAVE =
  'if you trust it, convert it once with PyTorch: ' +
  "python -c \"import torch; torch.save(torch.load('OLD', map_location='cpu'), 'NEW.pt')\"";

const startsWith = (head: Uint8Array, magic: readonly number[], at = 0): boolean =>
  magic.every((byte, i) => head[at + i] === byte);

/** Recognises, by its first `HEAD_BYTES` bytes, what is often found under the name of a weights file. */
export function recognise(head: Uint8Array): ForeignFile | undefined {
  if (head.length === 0) {
    return { kind: 'empty', what: 'empty', hint: 'download it again' };
  }
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) {
    return {
      kind: 'zip',
      what: 'a zip archive, as torch.save writes, not safetensors',
      hint: 'open it as a checkpoint, which converts it once',
    };
  }
  if (startsWith(head, [0x75, 0x73, 0x74, 0x61, 0x72], 257)) {
    return { kind: 'tar', what: 'a tar archive, as PyTorch wrote before 2017', hint: RESAVE };
  }
  // PROTO 2 to 5. A safetensors header length may start with the same two bytes; its '{' at 8 tells them apart.
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5 && head[8] !== 0x7b) {
    return {
      kind: 'pickle',
      what: 'a bare pickle, as torch.save wrote before PyTorch 1.6, not safetensors',
      hint: 'open it as a checkpoint, which converts it once',
    };
  }
  const text = Buffer.from(head)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (text.startsWith('version https://git-lfs')) {
    return {
      kind: 'lfs',
      what: 'a Git LFS pointer, not the weights it points to',
      hint: 'run "git lfs pull" in its repository, or download the file itself',
    };
  }
  if (text.startsWith('<!doctype') || text.startsWith('<html') || text.startsWith('<?xml')) {
    return {
      kind: 'html',
      what: 'a web page, not weights: the download went wrong',
      hint: 'download it again and check the address (a login or an error page came instead)',
    };
  }
  if (text.startsWith('{')) {
    return { kind: 'json', what: 'JSON text, not weights', hint: 'download it again, or name the weights file beside' };
  }
  return undefined;
}
