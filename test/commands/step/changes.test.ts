import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';

const WHALE = fixture('scenes/0007.png');
const FISH = fixture('scenes/0008.png');
/** What is blanked in a file is blanked before it is resized: so the picture is of the model's size, 96 x 96 with cells of 12 pixels. */
const SIZE = 96;
const CELL = 12;

let folder: string;
let small: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-changes-'));
  small = join(folder, 'small.png');
  await sharp(WHALE).removeAlpha().resize(SIZE, SIZE).png().toFile(small);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Node {
  readonly id: number;
  readonly parent: number;
  readonly step: number;
  readonly token: { readonly id: number; readonly text: string };
  readonly logprob: number;
  readonly sum: number;
  readonly score: number;
  readonly line: number;
  readonly change?: readonly string[];
}

interface Tree {
  readonly nodes: readonly Node[];
  readonly best: string;
  readonly score: number;
  readonly lines: readonly {
    readonly from: { readonly line: number; readonly node: number } | null;
    readonly changes?: readonly { readonly type: string; readonly cells?: readonly number[] }[];
    readonly moved?: readonly { readonly token: Node['token']; readonly logprob: number; readonly before: number }[];
  }[];
  readonly candidates: readonly {
    readonly line: number;
    readonly step: number;
    readonly parent: number;
    readonly token: Node['token'];
    readonly logprob: number;
  }[];
}

async function walk(image: string, script: string, ...more: string[]): Promise<Tree> {
  const { code, stdout, stderr } = await coca(['step', image, '--json', '-q', '--script', script, ...more]);
  expect([stderr, code]).toEqual(['', 0]);
  return JSON.parse(stdout)[0];
}

/** The picture with its mean colour in a rectangle of pixels, made without this program. */
async function erased(x: number, y: number, width: number, height: number): Promise<string> {
  const { data, info } = await sharp(small).raw().toBuffer({ resolveWithObject: true });
  const mean = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let i = channel; i < data.length; i += 3) sum += data[i]!;
    return Math.round(sum / (info.width * info.height));
  });
  for (let v = y; v < y + height; v++) {
    for (let u = x; u < x + width; u++) data.set(mean, (v * info.width + u) * 3);
  }
  const file = join(folder, `erased-${x}-${y}-${width}-${height}.png`);
  await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .png()
    .toFile(file);
  return file;
}

/** What a walk says of the tokens of a text, and what may come after it, by the text: whatever its nodes are called. */
function told({ nodes, candidates, lines }: Tree, line = lines.length - 1) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const textOf = (id: number): string => {
    const node = byId.get(id)!;
    return node.parent < 0 ? '' : `${textOf(node.parent)} ${node.token.id}`;
  };
  const own = nodes.filter((node) => node.line === line && node.step > 0);
  return {
    nodes: new Map(own.map((node) => [textOf(node.id), node])),
    candidates: new Map(
      candidates.filter((one) => one.line === line).map((one) => [`${textOf(one.parent)} ${one.token.id}`, one]),
    ),
  };
}

/** What a changed line says is what a walk says that was forced along the same tokens: from its step `from` on, all of it. */
function expectSame(changed: Tree, forced: Tree, from: number): void {
  const [own, other] = [told(changed), told(forced, 0)];
  expect([...own.nodes.keys()].sort()).toEqual([...other.nodes.keys()].sort());
  for (const [text, { logprob, sum, score, step }] of own.nodes) {
    const there = other.nodes.get(text)!;
    expect([text, step]).toEqual([text, there.step]);
    for (const [a, b] of [
      [logprob, there.logprob],
      [sum, there.sum],
      [score, there.score],
    ] as const) {
      expect(Math.abs(a - b)).toBeLessThan(1e-4 * Math.max(1, Math.abs(b)));
    }
  }
  const later = [...other.candidates].filter(([, { step }]) => step > from);
  expect(later.length).toBeGreaterThan(9);
  for (const [text, { logprob }] of later) {
    expect(Math.abs(own.candidates.get(text)!.logprob - logprob)).toBeLessThan(1e-3);
  }
}

/** "a whale to": the first tokens of its caption. */
const ALONG = 'force:a,force:whale,force:to';

describe('a changed line is a walk of its own, forced along the same tokens', () => {
  test('erase: a rectangle of cells, the same cells by number, and the same in pixels', async () => {
    const forced = await walk(await erased(4 * CELL, 2 * CELL, 3 * CELL, 4 * CELL), `${ALONG},next:3`);
    const cells = [2, 3, 4, 5].flatMap((row) => [4, 5, 6].map((column) => row * 8 + column));
    for (const region of ['3x4+4+2', `=${cells.join(' ')}`, `${3 * CELL}x${4 * CELL}+${4 * CELL}+${2 * CELL}px`]) {
      const changed = await walk(small, `${ALONG},erase:${region},next:3`);
      expectSame(changed, forced, 3);
      expect(changed.nodes.filter(({ change }) => change).every(({ line }) => line === 1)).toBe(true);
      expect(changed.nodes.filter(({ line }) => line === 1).map(({ change }) => change)).toEqual(
        changed.nodes.filter(({ line }) => line === 1).map(() => [`erase:${region}`]),
      );
    }
    const unaligned = await walk(small, `${ALONG},erase:50x31+17+40px,next:3`);
    expectSame(unaligned, await walk(await erased(17, 40, 50, 31), `${ALONG},next:3`), 3);
  });

  test('erase under other rules of the search: sums are those of forced tokens', async () => {
    const file = await erased(0, 0, 3 * CELL, 8 * CELL);
    for (const options of [
      ['--repetition-penalty', '1.4', '--beams', '3'],
      ['--strategy', 'greedy'],
      ['--scoring', 'openclip', '--beams', '3'],
    ]) {
      const changed = await walk(small, `${ALONG},erase:3x8+0+0,next:2`, ...options);
      expectSame(changed, await walk(file, `${ALONG},next:2`, ...options), 3);
    }
  });

  test('ablate: the same as --ablate, also one after the other', async () => {
    const sites = 'cross.1.h2,mlp.self.0,pooler.h1,vision.1';
    const forced = await walk(WHALE, `${ALONG},next:3`, '--ablate', sites);
    expectSame(await walk(WHALE, `${ALONG},ablate:${sites.replaceAll(',', ' ')},next:3`), forced, 3);
    const twice = await walk(WHALE, `${ALONG},ablate:cross.1.h2 mlp.self.0,ablate:"pooler.h1,vision.1",next:3`);
    expectSame(twice, forced, 3);
    expect(twice.lines[2]!.changes).toHaveLength(2);
  });

  test('patch: all image tokens are the other picture, and so is what leaves the last vision layer', async () => {
    const forced = await walk(FISH, `${ALONG},next:3`);
    const patched = await walk(WHALE, `${ALONG},patch:${FISH},next:3`);
    expectSame(patched, forced, 3);
    const last = JSON.parse(readFileSync(fixture('models/scenes/open_clip_config.json'), 'utf8')).model_cfg.vision_cfg;
    expectSame(await walk(WHALE, `${ALONG},patch:"${FISH}" at vision.${last.layers - 1},next:3`), forced, 3);
    // A part of the other picture can be erased.
    const both = await walk(WHALE, `${ALONG},patch:${FISH},erase:4x4+0+0,next:2`);
    expectSame(both, await walk(FISH, `${ALONG},erase:4x4+0+0,line:1,next:2`).then(relined), 3);
  });

  test('patch at one place: what coca trace says comes back', async () => {
    const caption = 'a whale to the right of a gorilla on an orange background';
    const { stdout } = await coca(['trace', WHALE, FISH, caption, '--word', 'whale', '--json', '-q']);
    const traced = JSON.parse(stdout)[0];
    const word = traced.words.find(({ text }: { text: string }) => text === 'whale');
    for (const [site, position] of [
      ['image', 5],
      ['vision.0', 27],
      ['vision.2', 36],
    ] as const) {
      const { restored } = traced.sites.find(
        (one: { site: string; position: number }) => one.site === site && one.position === position,
      );
      const { nodes } = await walk(FISH, `${ALONG},patch:${WHALE} at ${site}:${position}`);
      const { logprob } = nodes.find(({ line, step }) => line === 1 && step === 2)!;
      expect((logprob - word.to) / (word.from - word.to)).toBeCloseTo(restored, 3);
    }
  });
});

/** The second line of a walk in the place of the first. */
const relined = (tree: Tree): Tree => ({
  ...tree,
  nodes: tree.nodes.filter(({ line, step }) => line === 1 || step === 0).map((node) => ({ ...node, line: 0 })),
  candidates: tree.candidates.filter(({ line }) => line === 1).map((one) => ({ ...one, line: 0 })),
});

describe('a word', () => {
  test('has the highest fifth of its map as coca attend draws it; the line may begin before it', async () => {
    const caption = 'a whale to the right of a gorilla on an orange background';
    const { stdout } = await coca(['attend', WHALE, caption, '--token', 'whale', '--json', '-q']);
    const map = JSON.parse(stdout)[0].tokens[0].map.flat() as number[];
    const highest = [...map.keys()].sort((a, b) => map[b]! - map[a]!).slice(0, 13);
    const tree = await walk(WHALE, 'run,erase@1:whale,run');
    expect(tree.lines[1]!.changes).toEqual([{ type: 'erase', cells: highest.sort((a, b) => a - b), word: 'whale' }]);
    expect(tree.nodes.find(({ id }) => id === tree.lines[1]!.from!.node)!.token.text).toBe('a');
    expect(tree.best).not.toContain('whale');
    expect((await walk(WHALE, 'run,erase@1:2')).lines[1]!.changes).toEqual(tree.lines[1]!.changes);
  });
});

test('what moved most, without the change and under it', async () => {
  const changed = await walk(small, 'force:a,erase:4x6+4+1');
  const file = await erased(4 * CELL, CELL, 4 * CELL, 6 * CELL);
  const [before, after] = [told(await walk(small, 'force:a,next')), told(await walk(file, 'force:a,next'))];
  const { moved } = changed.lines[1]!;
  expect(moved).toHaveLength(9);
  const far = moved!.map(({ logprob, before: was }) => Math.abs(Math.exp(logprob) - Math.exp(was)));
  expect(far).toEqual([...far].sort((a, b) => b - a));
  let seen = 0;
  for (const { token, logprob, before: was } of moved!) {
    for (const [walked, figure] of [
      [before, was],
      [after, logprob],
    ] as const) {
      const [, there] = [...walked.candidates].find(([, one]) => one.step === 2 && one.token.id === token.id) ?? [];
      if (there === undefined) continue;
      expect(Math.abs(there.logprob - figure)).toBeLessThan(1e-3);
      seen++;
    }
  }
  expect(seen).toBeGreaterThan(6);
  // No likely token moved further and is left out.
  const known = new Map(
    [...before.candidates.values()].filter(({ step }) => step === 2).map((one) => [one.token.id, one]),
  );
  for (const { token, step, logprob } of after.candidates.values()) {
    const was = known.get(token.id);
    if (step !== 2 || was === undefined || moved!.some((one) => one.token.id === token.id)) continue;
    expect(Math.abs(Math.exp(logprob) - Math.exp(was.logprob))).toBeLessThanOrEqual(far.at(-1)! + 1e-6);
  }
});

describe('as every action', () => {
  test('it is undone and done again, and a saved walk is the same tree', async () => {
    const plain = await walk(WHALE, 'next:3');
    const undone = await walk(WHALE, 'next:3,erase:whale,undo');
    expect(undone).toEqual(plain);
    const file = join(folder, 'walk.json');
    const script = `next:3,erase:whale,next:2,line:0,ablate@1:cross.0,next,patch:"${FISH}" at image:3,next`;
    const saved = await walk(WHALE, script, '--save', file);
    expect(await walk(WHALE, 'undo:3,redo:3', '--load', file)).toEqual(saved);
    const again = await walk(WHALE, `${script},undo:4,redo:4`);
    expect(again).toEqual(saved);
  });

  test('a line in a pipe says under what it stands', async () => {
    const { stdout } = await coca(['step', WHALE, '-q', '--script', 'next,ablate:cross.0']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.filter((line) => line.endsWith('\tablate:cross.0'))).toHaveLength(1);
    expect(lines.filter((line) => line.split('\t').length === 9)).toHaveLength(lines.length - 1);
  });

  test('a picture that is another by now ends a loaded walk', async () => {
    const [file, other] = [join(folder, 'patched.json'), join(folder, 'other.png')];
    writeFileSync(other, readFileSync(FISH));
    await walk(WHALE, `next,patch:${other}`, '--save', file);
    writeFileSync(other, readFileSync(fixture('scenes/0001.png')));
    const { code, stderr } = await coca(['step', '--load', file, '--json', '-q', '--script', '']);
    expect(code).toBe(2);
    expect(stderr).toContain('other.png is not the picture that it was');
  });
});

describe('what cannot be', () => {
  test.each([
    [
      'next:2,erase:gorilla',
      "'erase:gorilla' (word 2, column 8): the text so far has no word 'gorilla'",
      '1 a, 2 whale',
    ],
    ['erase:whale', "the text so far has no word 'whale'", 'it has no words yet'],
    ['erase:3x2+6+0', 'the region 3x2+6+0 is not within', '8 x 8 cells'],
    ['erase:0x2+1+0', 'the region 0x2+1+0 is not within', '8 x 8 cells'],
    ['erase:=64', 'there is no cell 64', 'cells are 0 to 63'],
    ['erase:10x10+190+0px', 'the region 10x10+190+0px is not within the picture', '192 x 192 pixels'],
    ['erase:3x2', "'3x2' is no region", 'erase[@STEP]:WORD|WxH+X+Y|'],
    ['erase', 'erase needs an argument', 'erase[@STEP]:WORD'],
    ['next,erase@7:3x2+0+0', 'a fork starts from 1 to 2 ids', ''],
    ['ablate:cross.9', "there is no site 'cross.9' in this model", 'cross.L, L 0 to 2'],
    [`patch:${FISH} at cross.1`, "there is no place 'cross.1'", 'there are image (all image tokens'],
    [`patch:${FISH} at image:999`, "there is no place 'image:999'", 'image:0 to image:'],
    ['patch:-', 'a picture that is patched in cannot come from stdin', 'name a file'],
    ['patch:"a" "b"', 'no site', 'patch[@STEP]:FILE[ at SITE]'],
  ])('%s', async (script, message, hint) => {
    const { code, stdout, stderr } = await coca(['step', WHALE, '-q', '--json', '--script', script]);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  test('a picture that is not there', async () => {
    const missing = join(folder, 'none.png');
    const { code, stderr } = await coca(['step', WHALE, '-q', '--json', '--script', `patch:${missing}`]);
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
    expect(stderr).toContain('none.png');
    // It is noticed before a model is loaded.
    const early = await coca(['step', WHALE, '-q', '--script', `patch:${missing}`, '--model', folder]);
    expect([early.code, early.stderr]).toEqual([2, stderr]);
  });

  test('a region that the model does not see', async () => {
    const wide = join(folder, 'wide.png');
    await sharp(WHALE).resize(400, 100, { fit: 'fill' }).png().toFile(wide);
    const { code, stderr } = await coca(['step', wide, '-q', '--json', '--script', 'erase:50x50+0+0px']);
    expect(code).toBe(64);
    expect(stderr).toContain('the model does not see the region 50x50+0+0px');
    expect(stderr).toContain('it sees 100x100+150+0px');
  });
});
