import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../src/model/base/errors.js';
import type { Dataset } from '../../../src/model/data/dataset.js';
import { indexShard } from '../../../src/model/data/formats/tar.js';
import { type DatasetOptions, openDataset } from '../../../src/model/data/open.js';
import { readSample } from '../../../src/model/data/read.js';
import type { Sample } from '../../../src/model/data/sample.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { buildTar, seal } from './build-tar.js';

const { at, write } = temporaryFolder();

const open = (name: string, options: Partial<DatasetOptions> = {}) =>
  openDataset(at(name), { needs: 'captions', ...options });

type Plain = Omit<Sample, 'image'> & { readonly image: string };

/** All samples in the order of the files, pictures as text; what is broken as its message. */
async function all(dataset: Dataset): Promise<(Plain | string)[]> {
  const found: (Plain | string)[] = [];
  for (let unit = 0; unit < dataset.units; unit++) {
    const { size, locate } = await dataset.openUnit(unit, indexShard);
    for (let i = 0; i < size; i++) {
      try {
        const sample = await readSample(locate(i));
        found.push({ ...sample, image: new TextDecoder().decode(sample.image as Uint8Array) });
      } catch (error) {
        if (!(error instanceof CocaError)) throw error;
        found.push(error.message.replaceAll(at(), ''));
      }
    }
  }
  return found;
}

const pictures = (...names: string[]) => names.map((name) => write(name, `bytes of ${name}`));

describe('JSON lines', () => {
  it('have one sample a line, paths from the file', async () => {
    const [a, b] = pictures('data/a.jpg', 'data/b/b.jpg');
    write(
      'data/list.jsonl',
      [
        '{"image": "a.jpg", "caption": "one"}',
        '',
        '  \t',
        `{"image": "b/b.jpg", "captions": ["two", "more"], "label": 3, "true_captions": ["t"], "hard_negatives": ["n"]}\r`,
        `{"image": ${JSON.stringify(a)}, "caption": "ünï"}`,
      ].join('\n'),
    );
    const dataset = await open('data/list.jsonl');
    expect(dataset).toMatchObject({ size: 3, name: 'list.jsonl' });
    expect(await all(dataset)).toEqual([
      { name: a, image: 'bytes of data/a.jpg', captions: ['one'] },
      {
        name: b,
        image: 'bytes of data/b/b.jpg',
        captions: ['two', 'more'],
        label: 3,
        trueCaptions: ['t'],
        hardNegatives: ['n'],
      },
      { name: a, image: 'bytes of data/a.jpg', captions: ['ünï'] },
    ]);
  });

  it('that are broken are told by their row, one by one', async () => {
    pictures('a.jpg');
    write(
      'l.jsonl',
      [
        '{"image": "a.jpg"',
        '[1]',
        '{"caption": "no picture"}',
        '{"image": "gone.jpg", "caption": "x"}',
        '{"image": "a.jpg", "caption": 5}',
        '{"image": "a.jpg", "caption": "x", "label": 1.5}',
        '{"image": ".", "caption": "a folder"}',
        '{"image": "a.jpg", "caption": "fine"}',
        '{"image": "a.jpg", "caption": "fine", "label": 12345678901234567891, "score": NaN}',
        '{"image": "a.jpg", "caption": NaN}',
        '{"image": "a.jpg", "caption": "x", "label": Infinity}',
      ].join('\n'),
    );
    expect(await all(await open('l.jsonl'))).toEqual([
      expect.stringMatching(/^\/l\.jsonl, row 1: not JSON/),
      '/l.jsonl, row 2: no JSON object',
      '/l.jsonl, row 3: no text "image"',
      'no such file: /gone.jpg',
      '/l.jsonl, row 5: "caption" holds other things than text',
      '/l.jsonl, row 6: "label" is neither a text nor a whole number',
      expect.stringMatching(/is a directory/),
      expect.objectContaining({ captions: ['fine'] }),
      expect.objectContaining({ captions: ['fine'], label: '12345678901234567891' }),
      '/l.jsonl, row 10: "caption" holds other things than text',
      '/l.jsonl, row 11: "label" is neither a text nor a whole number',
    ]);
  });

  it('and what they name may have names that are no UTF-8', async () => {
    mkdirSync(at('d'));
    const name = Buffer.concat([Buffer.from(at('d/')), Buffer.from([0xe9])]);
    writeFileSync(Buffer.concat([name, Buffer.from('.jpg')]), 'bytes of it');
    writeFileSync(Buffer.concat([name, Buffer.from('.jsonl')]), '{"image": "\\udce9.jpg", "caption": "one"}\n');
    expect(await all(await open('d/*.jsonl'))).toEqual([
      { name: at('d/\udce9.jpg'), image: 'bytes of it', captions: ['one'] },
    ]);
  });

  it('whose lines never end are not read into memory', async () => {
    write('l.jsonl', `{"image": "a.jpg", "caption": "${'x'.repeat(17 * 2 ** 20)}"}`);
    expect(await all(await open('l.jsonl'))).toEqual([
      expect.stringMatching(/more than the 16777216 that are read at once/),
    ]);
  });

  it('may call their fields otherwise, and have their pictures elsewhere', async () => {
    pictures('photos/a.jpg');
    write('l.jsonl', '{"path": "a.jpg", "text": "one"}');
    const options = { imageField: 'path', captionField: 'text', imageFolder: at('photos') };
    expect(await all(await open('l.jsonl', options))).toEqual([
      expect.objectContaining({ name: at('photos/a.jpg'), captions: ['one'] }),
    ]);
  });

  it('of several files are one data set', async () => {
    pictures('a.jpg');
    for (const n of [1, 2, 10]) write(`part-${n}.jsonl`, `{"image": "a.jpg", "caption": "${n}"}`);
    const captions = async (pattern: string) =>
      (await all(await open(pattern))).map((sample) => (sample as Plain).captions[0]);
    expect(await captions('part-*.jsonl')).toEqual(['1', '10', '2']);
    expect(await captions('part-{1..2}.jsonl')).toEqual(['1', '2']);
    expect(await captions('part-{10,1}.jsonl')).toEqual(['10', '1']);
  });
});

describe('tables', () => {
  it("are OpenCLIP's, with tabs or commas, quoted or not", async () => {
    const [a] = pictures('a.jpg', 'b, c.jpg');
    write(
      't.csv',
      '\ufefftitle,filepath,extra\r\n"two\nlines, ""quoted""",a.jpg,1\r\n\r\n5" pipe,"b, c.jpg"\nlast,a.jpg',
    );
    expect(await all(await open('t.csv'))).toEqual([
      { name: a, image: 'bytes of a.jpg', captions: ['two\nlines, "quoted"'] },
      { name: at('b, c.jpg'), image: 'bytes of b, c.jpg', captions: ['5" pipe'] },
      expect.objectContaining({ captions: ['last'] }),
    ]);
    for (const name of ['t.tsv', 'tabs.csv']) {
      write(name, 'filepath\ttitle\na.jpg\ta, b and c\n');
      expect(await all(await open(name))).toEqual([expect.objectContaining({ captions: ['a, b and c'] })]);
    }
  });

  it('without the columns that are needed are refused, naming those that are there', async () => {
    write('t.csv', 'path,title\na.jpg,x\n');
    await expect(open('t.csv')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/has no column "filepath"; its first row is: path, title/),
    });
    expect((await open('t.csv', { imageField: 'path' })).size).toBe(1);
    await expect(open('t.csv', { imageField: 'path', needs: 'labels' })).rejects.toMatchObject({
      message: expect.stringMatching(/"label"/),
    });
    write('l.csv', 'filepath,label\na.jpg,x\n');
    expect((await open('l.csv', { needs: 'labels' })).size).toBe(1);
  });

  it('with short rows tell the row', async () => {
    pictures('a.jpg');
    write('t.tsv', 'filepath\ttitle\n\tx\na.jpg\n');
    expect(await all(await open('t.tsv'))).toEqual([
      '/t.tsv, row 1: nothing in the column "filepath"',
      expect.objectContaining({ captions: [] }),
    ]);
  });

  it('with rows of more cells than columns tell the row', async () => {
    pictures('a.jpg');
    write('t.csv', 'filepath,title,label\na.jpg,one, two,3\na.jpg,"one, two",3\na.jpg,x,\na.jpg, ,3\n');
    expect(await all(await open('t.csv'))).toEqual([
      '/t.csv, row 1: 4 cells for 3 columns: text that has the separator in it needs quotes',
      expect.objectContaining({ captions: ['one, two'], label: '3' }),
      { name: at('a.jpg'), image: 'bytes of a.jpg', captions: ['x'] },
      expect.objectContaining({ captions: [], label: '3' }),
    ]);
  });

  it('whose quote never closes are refused', async () => {
    write('t.csv', 'filepath,title\n"a.jpg,x\nb.jpg,y\n');
    await expect(open('t.csv')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/is no table/),
    });
  });
});

describe('text in other encodings', () => {
  const utf16 = (text: string, order: string) => {
    const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
    return order === 'LE' ? bytes : bytes.swap16();
  };
  const latin = (text: string) => Buffer.from(text, 'latin1');
  /** Characters that have the bytes of separators, quotes and line ends within. */
  const HARD = '\u2c2c\u0a0a\u2200\u0d0a犬😀';

  it.each(['LE', 'BE'])('UTF-16%s with its mark is read as UTF-8 is', async (order) => {
    pictures('a.jpg');
    const rows = [
      { image: 'a.jpg', caption: HARD },
      { image: 'a.jpg', caption: 'b' },
    ];
    const lines = `${rows.map((row) => JSON.stringify(row)).join('\n\n')}\r\n \t\n`;
    write('l.jsonl', utf16(lines, order));
    write('t.csv', utf16(`filepath,title\r\na.jpg,"${HARD},\n""x"""\r\n\r\na.jpg,b`, order));
    write('t.tsv', utf16(`filepath\ttitle${HARD}\na.jpg\t${HARD}\n`, order));
    write('c.json', utf16(JSON.stringify([{ image: 'a.jpg', caption: HARD }]), order));
    const captions = async (name: string, options: Partial<DatasetOptions> = {}) =>
      (await all(await open(name, options))).map((sample) => (sample as Plain).captions[0]);
    expect(await captions('l.jsonl')).toEqual([HARD, 'b']);
    expect(await captions('t.csv')).toEqual([`${HARD},\n"x"`, 'b']);
    expect(await captions('t.tsv', { captionField: `title${HARD}` })).toEqual([HARD]);
    expect(await captions('c.json')).toEqual([HARD]);
  });

  it('the mark of UTF-8 is dropped, a first row that is nothing else left out', async () => {
    pictures('a.jpg');
    write('l.jsonl', '\ufeff\n{"image": "a.jpg", "caption": "x"}\n');
    const members = [
      { name: '0.jpg', content: 'z' },
      { name: '0.txt', content: '\ufeffx' },
    ];
    write('s.tar', buildTar(members));
    for (const name of ['l.jsonl', 's.tar']) {
      expect(await all(await open(name))).toEqual([expect.objectContaining({ captions: ['x'] })]);
    }
  });

  it('what is neither is told with its line, and the other rows are read', async () => {
    pictures('a.jpg');
    const x = '{"image": "a.jpg", "caption": "x"}';
    write('l.jsonl', latin(`\n${x}\n\n{"image": "a.jpg", "caption": "caf\xe9"}\n${x}`));
    write('t.csv', latin('filepath,title\na.jpg,"x\nx"\n\na.jpg,"caf\n\xe9"\na.jpg,y\n'));
    expect(await all(await open('l.jsonl'))).toEqual([
      expect.objectContaining({ captions: ['x'] }),
      '/l.jsonl, row 2, line 4: is not UTF-8 (byte 0xE9 at column 35)',
      expect.objectContaining({ captions: ['x'] }),
    ]);
    expect(await all(await open('t.csv'))).toEqual([
      expect.objectContaining({ captions: ['x\nx'] }),
      '/t.csv, row 2, line 6: is not UTF-8 (byte 0xE9 at column 1)',
      expect.objectContaining({ captions: ['y'] }),
    ]);
    write('u.jsonl', Buffer.from(x, 'utf16le'));
    expect(await all(await open('u.jsonl'))).toEqual(['/u.jsonl, row 1, line 1: has a NUL character']);
    for (const [name, text, line] of [
      ['h.csv', 'filepath,titl\xe9\na.jpg,x\n', 1],
      ['c.json', '[\n{"image": "a.jpg", "caption": "caf\xe9"}]', 2],
    ] as const) {
      write(name, latin(text));
      await expect(open(name)).rejects.toMatchObject({ message: `${at(name)}, line ${line}: ${NOT_UTF8[name]}` });
    }
  });
  const NOT_UTF8 = {
    'h.csv': 'is not UTF-8 (byte 0xE9 at column 14)',
    'c.json': 'is not UTF-8 (byte 0xE9 at column 35)',
  };

  it('of a shard, what is neither is told with its member', async () => {
    const members = [
      { name: '0.jpg', content: 'z' },
      { name: '0.txt', content: latin('caf\xe9') },
      { name: '1.jpg', content: 'z' },
      { name: '1.json', content: latin('{"caption":\n"caf\xe9"}') },
      { name: '2.jpg', content: 'z' },
      { name: '2.txt', content: 'y' },
    ];
    write('s.tar', buildTar(members));
    expect(await all(await open('s.tar'))).toEqual([
      '/s.tar, 0.txt, line 1: is not UTF-8 (byte 0xE9 at column 4)',
      '/s.tar, 1.json, line 2: is not UTF-8 (byte 0xE9 at column 5)',
      expect.objectContaining({ captions: ['y'] }),
    ]);
  });

  it('texts with characters that were lost before are no captions', async () => {
    pictures('a.jpg');
    const fields = [
      '"caption": "caf\ufffd"',
      '"caption": "caf\\ufffd"',
      '"caption": "a\\u0000"',
      '"caption": ["a", "\\ud83d"]',
      '"caption": "a", "hard_negatives": ["\\udc80"]',
      '"caption": "a", "label": "\\u0000"',
    ];
    write('l.jsonl', fields.map((field) => `{"image": "a.jpg", ${field}}\n`).join(''));
    write('c.json', `[${fields.map((field) => `{"image": "a.jpg", ${field}}`)}]`);
    for (const name of ['l.jsonl', 'c.json']) {
      const found = await all(await open(name));
      expect(found).toHaveLength(fields.length);
      for (const sample of found) expect(sample).toMatch(/a text has (U\+FFFD|a NUL|half of a surrogate)/);
    }
  });

  it('members of a shard whose names differ in what is no UTF-8 stay apart', async () => {
    const members = ['one', 'two'].flatMap((content) => [
      { name: '??.jpg', content },
      { name: '??.txt', content },
    ]);
    const archive = buildTar(members);
    // Headers are every second block of 512 bytes here.
    for (const [i, byte] of [0xe0, 0xe0, 0xe1, 0xe1].entries()) {
      const header = archive.subarray(1024 * i, 1024 * i + 512);
      header[0] = byte;
      seal(header);
    }
    write('s.tar', archive);
    expect(await all(await open('s.tar'))).toEqual([
      expect.objectContaining({ image: 'one', captions: ['one'] }),
      expect.objectContaining({ image: 'two', captions: ['two'] }),
    ]);
  });
});

describe('COCO captions', () => {
  const coco = {
    images: [
      { id: 7, file_name: 'a.jpg' },
      { id: 9, file_name: 'b.jpg' },
      { id: 11, file_name: 'c.jpg' },
    ],
    annotations: [
      { id: 1, image_id: 9, caption: 'b one' },
      { id: 2, image_id: 7, caption: 'a one\n' },
      { id: 3, image_id: 9, caption: 'b two' },
    ],
  };

  it('have every picture with all its captions', async () => {
    pictures('val/a.jpg', 'val/b.jpg');
    write('annotations/captions.json', JSON.stringify(coco));
    const dataset = await open('annotations/captions.json', { imageFolder: at('val') });
    expect(await all(dataset)).toEqual([
      { name: at('val/a.jpg'), image: 'bytes of val/a.jpg', captions: ['a one'] },
      { name: at('val/b.jpg'), image: 'bytes of val/b.jpg', captions: ['b one', 'b two'] },
      '/val/c.jpg: no caption in /annotations/captions.json',
    ]);
  });

  it('have ids of any size, each its own', async () => {
    pictures('a.jpg', 'b.jpg');
    write(
      'c.json',
      `{"info": NaN, "images": [{"id": 9007199254740992, "file_name": "a.jpg"}, {"id": 9007199254740993, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 9007199254740993, "caption": "of b"}, {"image_id": 9007199254740992, "caption": "of a"}]}`,
    );
    expect(await all(await open('c.json'))).toEqual([
      expect.objectContaining({ image: 'bytes of a.jpg', captions: ['of a'] }),
      expect.objectContaining({ image: 'bytes of b.jpg', captions: ['of b'] }),
    ]);
  });

  it('tell what belongs nowhere: an id that comes again, captions of no image', async () => {
    pictures('a.jpg', 'b.jpg');
    const json = {
      images: [
        { id: 1, file_name: 'a.jpg' },
        { id: 1, file_name: 'b.jpg' },
      ],
      annotations: [1, 8, '1'].map((image_id) => ({ image_id, caption: `of ${image_id}` })),
    };
    write('c.json', JSON.stringify(json));
    const dataset = await open('c.json');
    expect(dataset.size).toBe(3);
    expect(await all(dataset)).toEqual([
      '/a.jpg: image 2 of /c.json has the same id, 1',
      expect.objectContaining({ image: 'bytes of b.jpg', captions: ['of 1'] }),
      '/c.json: 2 annotations (first: 2) are of no image in it',
    ]);
  });

  it.each([
    [{}, /no list "images"/],
    [{ ...coco, annotations: undefined }, /no list "annotations"/],
    [{ ...coco, images: [{ id: 1 }] }, /image 1 has no text "file_name"/],
    [{ ...coco, annotations: [{ image_id: 7 }] }, /annotation 1 has no text "caption"/],
    [{ ...coco, images: [{ file_name: 'a.jpg' }] }, /image 1 has no "id"/],
    [{ ...coco, annotations: [{ image_id: 8, caption: 'x' }] }, /no samples/],
    [{ ...coco, annotations: [] }, /no samples/],
    [5, /no list/],
  ])('that are none are refused (%#)', async (json, message) => {
    write('c.json', JSON.stringify(json));
    await expect(open('c.json')).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(message) });
  });
});

describe('other JSON', () => {
  it("may have Python's numbers", async () => {
    const [a] = pictures('a.jpg');
    write('s.json', '[{"image": "a.jpg", "caption": "one", "label": 9007199254740993, "score": -Infinity}]');
    expect(await all(await open('s.json'))).toEqual([
      { name: a, image: 'bytes of a.jpg', captions: ['one'], label: '9007199254740993' },
    ]);
  });

  it('a scenes.json is a list of samples with all that is known of them', async () => {
    const dataset = await openDataset(fixture('scenes/scenes.json'), { needs: 'captions' });
    expect(dataset.size).toBe(48);
    const { locate } = await dataset.openUnit(0, indexShard);
    const sample = await readSample(locate(0));
    expect(sample).toMatchObject({ name: fixture('scenes/0001.png'), captions: ['a small book on a pink background'] });
    expect(sample.trueCaptions).toHaveLength(4);
    expect(sample.hardNegatives).toHaveLength(9);
  });

  it('that is none is refused', async () => {
    write('a.json', '[{"image": "a.jpg"}, {}]');
    await expect(open('a.json')).rejects.toMatchObject({ message: expect.stringMatching(/item 2: no text "image"/) });
    write('a.json', '{');
    await expect(open('a.json')).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(/is not JSON/),
    });
  });
});

describe('WebDataset shards', () => {
  it('have captions beside their pictures, as text or JSON', async () => {
    write(
      's-0.tar',
      buildTar([
        { name: '0.jpg', content: 'zero' },
        { name: '0.txt', content: 'from text\n' },
        { name: '0.json', content: '{"caption": "from json", "label": 4}' },
        { name: '1.webp', content: 'one' },
        { name: '1.json', content: '{"captions": ["a", "b"]}' },
        { name: '1.cls', content: '7' },
      ]),
    );
    write(
      's-1.tar',
      buildTar([
        { name: '2.txt', content: 'no picture' },
        { name: '3.png', content: 'no caption' },
        { name: '4.jpg', content: 'x' },
        { name: '4.json', content: '{' },
        { name: '5.jpg', content: 'x' },
        { name: '5.json', content: '{"caption": "five", "similarity": NaN}' },
        { name: '5.jpg', content: 'another' },
        { name: '5.txt', content: 'of the other' },
        { name: '6.jpg', type: '1' },
        { name: '6.txt', content: 'of a link' },
        { name: '7.jpg', content: 'x' },
        { name: '7.npy', type: '2' },
        { name: '7.txt', content: 'beside what is not read' },
      ]),
    );
    const dataset = await open('s-{0..1}.tar');
    expect(dataset).toMatchObject({ size: undefined, units: 2 });
    expect(await all(dataset)).toEqual([
      { name: `${at('s-0.tar')}, 0`, image: 'zero', captions: ['from text'], label: 4 },
      { name: `${at('s-0.tar')}, 1`, image: 'one', captions: ['a', 'b'], label: '7' },
      '/s-1.tar, 2: no picture among its members (txt)',
      expect.objectContaining({ captions: [] }),
      expect.stringMatching(/^\/s-1\.tar, 4: not JSON/),
      expect.objectContaining({ captions: ['five'] }),
      '/s-1.tar, 5: 5.jpg is in the shard a second time',
      '/s-1.tar, 6: 6.jpg is a hard link, not a plain file',
      expect.objectContaining({ captions: ['beside what is not read'] }),
    ]);
  });
});

describe('folders of classes', () => {
  it('have the names of their folders for labels', async () => {
    pictures('f/cat/b.jpg', 'f/cat/a.PNG', 'f/ant/c.jpg', 'f/.git/config', 'f/cat/notes.txt', 'f/README');
    const found = await all(await open('f', { needs: 'labels' }));
    expect(found).toEqual([
      { name: at('f/ant/c.jpg'), image: 'bytes of f/ant/c.jpg', captions: [], label: 'ant' },
      expect.objectContaining({ name: at('f/cat/a.PNG'), label: 'cat' }),
      expect.objectContaining({ name: at('f/cat/b.jpg'), label: 'cat' }),
    ]);
    await expect(open('f')).rejects.toMatchObject({ code: 'bad-data', hint: expect.stringMatching(/jsonl/) });
    await expect(open('f/cat', { needs: 'labels' })).rejects.toMatchObject({
      message: expect.stringMatching(/no samples/),
    });
  });
});

describe('folders of classes beside ImageFolder', () => {
  it('go into folders and links, hidden files too', async () => {
    pictures(
      'elsewhere/far/d.jpg',
      'f/cat/a.jpg',
      'f/cat/.b.jpg',
      'f/cat/x/y/c.JPG',
      'f/cat/x/e.bmp',
      'f/cat/x-1/f.tif',
      'f/dog/z.jpg',
    );
    symlinkSync(at('elsewhere'), at('f/ant'));
    symlinkSync('..', at('f/cat/x/loop'));
    symlinkSync(at('f/dog/z.jpg'), at('f/cat/link.jpg'));
    symlinkSync('nowhere', at('f/dog/broken.jpg'));
    const found = await all(await open('f', { needs: 'labels' }));
    const labelled = (path: string, label: string) => expect.objectContaining({ name: at(path), label });
    expect(found).toEqual([
      labelled('f/ant/far/d.jpg', 'ant'),
      labelled('f/cat/.b.jpg', 'cat'),
      labelled('f/cat/a.jpg', 'cat'),
      labelled('f/cat/link.jpg', 'cat'),
      labelled('f/cat/x/e.bmp', 'cat'),
      labelled('f/cat/x-1/f.tif', 'cat'),
      labelled('f/cat/x/y/c.JPG', 'cat'),
      'no such file: /f/dog/broken.jpg',
      labelled('f/dog/z.jpg', 'dog'),
    ]);
  });

  it('tell what is in no class, and classes of which there is nothing', async () => {
    pictures('f/.thumbnails/a.jpg', 'f/cat/a.jpg', 'f/stray.jpeg', 'f/.hidden/notes');
    mkdirSync(at('f/empty'));
    symlinkSync('nowhere', at('f/dog'));
    expect(await all(await open('f', { needs: 'labels' }))).toEqual([
      expect.objectContaining({ label: 'cat' }),
      '/f/.thumbnails: pictures in a hidden folder, which is no class: 1',
      '/f/dog: a link that leads nowhere',
      '/f/empty: the folder of a class without a picture',
      '/f/stray.jpeg: a picture beside the folders of the classes, so of no class',
    ]);
  });

  it('may have names that are no UTF-8', async () => {
    mkdirSync(at('f'));
    const folder = Buffer.concat([Buffer.from(at('f/')), Buffer.from([0xe9])]);
    mkdirSync(folder);
    for (const byte of [0xe8, 0xe9]) {
      writeFileSync(Buffer.concat([folder, Buffer.from('/'), Buffer.from([byte]), Buffer.from('.png')]), `${byte}`);
    }
    expect(await all(await open('f', { needs: 'labels' }))).toEqual([
      { name: at('f/\udce9/\udce8.png'), image: '232', captions: [], label: '\udce9' },
      { name: at('f/\udce9/\udce9.png'), image: '233', captions: [], label: '\udce9' },
    ]);
  });
});

describe('what is no data set', () => {
  it('is refused with what to do', async () => {
    const refused = async (name: string, code: string, message: RegExp) =>
      expect(open(name)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    write('empty.jsonl', '\n \n');
    await refused('empty.jsonl', 'bad-data', /no samples/);
    write('only-header.csv', 'filepath,title\n');
    await refused('only-header.csv', 'bad-data', /no samples/);
    write('data.parquet', 'PAR1');
    await refused('data.parquet', 'bad-data', /unknown format \(\.parquet\)/);
    write('data', '');
    await refused('data', 'bad-data', /unknown format \(no ending\)/);
    await refused('shard.tar.gz', 'bad-data', /compressed/);
    await refused('none.jsonl', 'not-found', /no such file/);
    await refused('none-*.jsonl', 'not-found', /no file matches/);
    copyFileSync(at('data'), at('x.jsonl'));
    copyFileSync(at('data'), at('x.csv'));
    await refused('x.*', 'bad-data', /several kinds/);
  });
});
