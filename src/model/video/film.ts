import { CocaError } from '../base/errors.js';
import { MAX_PIXELS } from '../image/decode.js';
import { type Bounds, type Finished, runBounded } from './bounded-program.js';
import { evenly } from './clip.js';
import type { Demuxer } from './kinds.js';

/** A frame as a picture file. */
export interface FrameFile {
  readonly index: number;
  /** In seconds from the clip's beginning. */
  readonly time: number | null;
  readonly bytes: Uint8Array;
}

/** A video file. */
export interface Film {
  /** As it is called in messages. */
  readonly name: string;
  /** An absolute path. */
  readonly path: string;
  readonly demuxer: Demuxer;
}

export interface FilmOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long each run of ffmpeg may take. */
  readonly milliseconds?: number;
}

const MILLISECONDS = 120_000;
/** A line of ffprobe's about a frame has some 40 bytes: hours of video. */
const LIST_BYTES = 128 * 2 ** 20;
/** Of one frame as PNG: the largest picture that is decoded, four bytes a pixel. */
const FRAME_BYTES = 4 * MAX_PIXELS + 2 ** 20;
/** The largest piece of memory that ffmpeg may ask for. */
const MAX_ALLOC = 2 ** 30;

/** The file and nothing else: no network, no other protocol, no demuxer but that of its kind. A name begins no option. */
const inputOf = ({ path, demuxer }: Film): readonly string[] => [
  '-protocol_whitelist',
  'file,pipe',
  '-f',
  demuxer,
  '-i',
  `file:${path}`,
];

/**
 * Frames of a video, evenly (`evenly`), by ffprobe and ffmpeg: all its frames are listed by the times they are shown at, and each
 * wanted one is decoded by itself. Frames stand as players show them: turned as the file says, in the shape that it says.
 * @throws CocaError `missing-program`, `bad-video` (damaged, cut short, of no frames, of more pixels than are decoded), `interrupted`
 */
export async function filmFrames(film: Film, wanted: number, options: FilmOptions = {}): Promise<readonly FrameFile[]> {
  const listed = await listFrames(film, options);
  const { times } = listed;
  const frames: FrameFile[] = [];
  for (const index of evenly(times.length, wanted)) {
    frames.push({
      index,
      time: Number((times[index]! - times[0]!).toFixed(6)),
      bytes: await frameAt(film, listed, index, options),
    });
  }
  return frames;
}

const boundsOf = ({ signal, milliseconds = MILLISECONDS }: FilmOptions, output: number): Bounds => ({
  output,
  milliseconds,
  signal,
});

interface Listed {
  /** When each frame is shown, in seconds, in the order of showing. */
  readonly times: readonly number[];
  /** When each key frame is shown, and from when on it is to be looked for in the file. */
  readonly keys: readonly { readonly shown: number; readonly at: number }[];
}

async function listFrames(film: Film, options: FilmOptions): Promise<Listed> {
  const args = ['-v', 'error', '-select_streams', 'V:0', '-show_entries', ENTRIES, '-of', 'compact', ...inputOf(film)];
  const finished = await runBounded('ffprobe', args, film.name, boundsOf(options, LIST_BYTES));
  if (finished.status !== 0 || SIGNS_OF_DAMAGE.test(finished.complaint)) throw damaged(film, finished);
  const { stream, packets } = parseList(finished.stdout);
  if (stream === undefined) throw new CocaError('bad-video', `${film.name} has no pictures, or none that ffmpeg finds`);
  const pixels = Number(stream.get('width')) * Number(stream.get('height'));
  if (!(pixels <= MAX_PIXELS)) {
    throw new CocaError(
      'bad-video',
      `${film.name}: frames of ${stream.get('width')} x ${stream.get('height')} pixels, of the ${MAX_PIXELS / 1e6} million at most that are decoded`,
      'scale the video down first',
    );
  }
  const announced = Number(stream.get('nb_frames'));
  if (announced > packets.length) {
    throw new CocaError(
      'bad-video',
      `${film.name} is cut short: it says it has ${announced} frames, and ${packets.length} are there`,
      'fetch it again',
    );
  }
  // What an edit list leaves out is not shown.
  const shown = packets.filter((packet) => !packet.get('flags')?.includes('D'));
  if (shown.length === 0) throw new CocaError('bad-video', `${film.name} is a video of no frames`);
  const times = shown.map((packet) => timeOf(packet));
  if (times.some((time) => !Number.isFinite(time))) {
    throw new CocaError(
      'bad-video',
      `${film.name} does not tell when its frames are shown`,
      'write it anew: ffmpeg -i FILE -c copy FILE.mkv',
    );
  }
  const keys = packets.flatMap((packet) => {
    const time = timeOf(packet);
    const decoded = Number.parseFloat(packet.get('dts_time') ?? '');
    const isKey = packet.get('flags')?.includes('K') && Number.isFinite(time);
    return isKey ? [{ shown: time, at: Number.isNaN(decoded) ? time : Math.min(time, decoded) }] : [];
  });
  return { times: times.sort((a, b) => a - b), keys: keys.sort((a, b) => a.shown - b.shown) };
}

const ENTRIES = 'stream=width,height,nb_frames:packet=pts_time,dts_time,flags';

/** Of what ffprobe says of files that it reads nevertheless. */
const SIGNS_OF_DAMAGE = /partial file|prematurely|truncat|invalid|corrupt|error reading/i;

const timeOf = (packet: Entry): number => {
  const time = Number.parseFloat(packet.get('pts_time') ?? '');
  return Number.isNaN(time) ? Number.parseFloat(packet.get('dts_time') ?? '') : time;
};

type Entry = ReadonlyMap<string, string>;

/** ffprobe's "compact" form: a line an entry, kind|name=value|name=value. */
function parseList(stdout: Buffer): { readonly stream: Entry | undefined; readonly packets: readonly Entry[] } {
  const packets: Entry[] = [];
  let stream: Entry | undefined;
  for (const line of stdout.toString('latin1').split('\n')) {
    const [kind, ...fields] = line.split('|');
    if (kind !== 'packet' && kind !== 'stream') continue;
    const entry: Entry = new Map(fields.map((field) => field.split('=', 2) as [string, string]));
    if (kind === 'packet') packets.push(entry);
    else stream ??= entry;
  }
  return { stream, packets };
}

/**
 * A frame as PNG: what is shown between halfway from the frame before and halfway to the next, and nothing else. Decoding begins at the
 * key frame before; where that is not found again by its time (a demuxer may land behind it), at the beginning.
 */
async function frameAt(film: Film, { times, keys }: Listed, index: number, options: FilmOptions): Promise<Uint8Array> {
  const time = times[index]!;
  const halfway = (other: number | undefined, otherwise: number) =>
    other === undefined ? otherwise : (other + time) / 2;
  const from = halfway(times[index - 1], time - 1);
  const to = halfway(times[index + 1], time + 1);
  const key = keys.findLast(({ shown }) => shown <= time);
  const seek = key === undefined ? [] : ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', key.at.toFixed(6)];
  let finished: Finished | undefined;
  for (const begin of key === undefined ? [[]] : [seek, []]) {
    const args = [
      ...['-v', 'error', '-nostdin', '-xerror', '-max_alloc', String(MAX_ALLOC), '-max_error_rate', '0', '-copyts'],
      ...['-threads', '1', '-max_pixels', String(MAX_PIXELS), ...begin, ...inputOf(film)],
      // Pixels that are not square are made so.
      ...['-map', '0:V:0', '-frames:v', '1', '-vf'],
      `select='between(t,${from.toFixed(6)},${to.toFixed(6)})',scale='max(1,round(iw*sar))':ih,setsar=1`,
      ...['-threads', '1', '-pix_fmt', 'rgb24', '-c:v', 'png', '-f', 'image2pipe', 'pipe:1'],
    ];
    finished = await runBounded('ffmpeg', args, film.name, boundsOf(options, FRAME_BYTES));
    if (finished.status === 0 && finished.stdout.length > 0) return finished.stdout;
  }
  throw damaged(film, finished!);
}

function damaged({ name }: Film, { complaint }: Finished): CocaError {
  // Without the address of one of ffmpeg's parts.
  const said = complaint.split('\n')[0]!.replace(/^\[[^\]]*\] */, '');
  const reason = said === '' ? '' : ` (ffmpeg says: ${said.slice(0, 200)})`;
  return new CocaError(
    'bad-video',
    `${name} cannot be decoded: it is damaged, cut short or of a kind that ffmpeg does not know${reason}`,
    'fetch it again, or convert it',
  );
}
