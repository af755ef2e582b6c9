import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeXmp, newXmp, readXmp } from '../../../src/model/xmp/merge.js';

const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"';
const DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"';
const wrapped = (inner: string) => `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${RDF}>${inner}</rdf:RDF></x:xmpmeta>`;

/** As Lightroom lays a sidecar out: settings as attributes, an empty description, keywords and their hierarchy. */
const LIGHTROOM = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0">
 <rdf:RDF ${RDF}>
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    ${DC}
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/'
   xmp:Rating="4"
   crs:Exposure2012 = "+0.35">
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default"/>
    </rdf:Alt>
   </dc:description>
   <!-- kept -->
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Caf&#xE9;</rdf:li>
     <rdf:li>dog</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>animals|dog</rdf:li></rdf:Bag></lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`;

/** As darktable does: no packet, one element for all, subjects in another order of lists. */
const DARKTABLE = `<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF ${RDF}>
  <rdf:Description rdf:about=""
    xmlns:darktable="http://darktable.sf.net/"
   darktable:xmp_version="5"
   darktable:history_end="1">
   <darktable:history>
    <rdf:Seq>
     <rdf:li darktable:num="0" darktable:params="gz01eJzjYGBgYAFiCQ&gt;="/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
`;

test('an empty description is filled, subjects are added, every other byte stays', () => {
  const merged = mergeXmp(
    LIGHTROOM,
    { description: 'a <dog> & "more"', subjects: ['Dog', 'CAFÉ', 'sea', 'Sea'] },
    false,
    'x',
  );
  const expected = LIGHTROOM.replace(
    '<rdf:li xml:lang="x-default"/>',
    '<rdf:li xml:lang="x-default">a &lt;dog&gt; &amp; "more"</rdf:li>',
  ).replace('<rdf:li>dog</rdf:li>\n', '<rdf:li>dog</rdf:li>\n     <rdf:li>sea</rdf:li>\n');
  expect(merged).toBe(expected);
});

test('properties that are not there come behind the last, indented as it is; line ends are those of the file', () => {
  const merged = mergeXmp(DARKTABLE, { description: 'a dog', subjects: ['dog'] }, false, 'x');
  const added =
    '   </darktable:history>\n' +
    '   <dc:description xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Alt><rdf:li xml:lang="x-default">a dog</rdf:li></rdf:Alt></dc:description>\n' +
    '   <dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Bag><rdf:li>dog</rdf:li></rdf:Bag></dc:subject>\n';
  const expected = DARKTABLE.replace('   </darktable:history>\n', added);
  expect(merged).toBe(expected);
  const crlf = (text: string) => text.replaceAll('\n', '\r\n');
  expect(mergeXmp(crlf(DARKTABLE), { description: 'a dog', subjects: ['dog'] }, false, 'x')).toBe(crlf(expected));
});

describe('a description that is there', () => {
  const alternatives = (items: string) =>
    wrapped(`<rdf:Description ${DC}><dc:description><rdf:Alt>${items}</rdf:Alt></dc:description></rdf:Description>`);
  test.each([
    ['the default', alternatives('<rdf:li xml:lang="x-default">mine</rdf:li><rdf:li xml:lang="de">meins</rdf:li>')],
    ['another language alone', alternatives('<rdf:li xml:lang="de">meins</rdf:li>')],
    ['without a language', alternatives('<rdf:li>mine</rdf:li>')],
    ['a plain text', wrapped(`<rdf:Description ${DC}><dc:description>mine</dc:description></rdf:Description>`)],
    ['CDATA', wrapped(`<rdf:Description ${DC}><dc:description><![CDATA[<mine>]]></dc:description></rdf:Description>`)],
    ['an attribute', wrapped(`<rdf:Description ${DC} dc:description='mine' dc:format="image/png"/>`)],
    [
      'of another prefix',
      wrapped(
        `<rdf:Description><d:description xmlns:d="http://purl.org/dc/elements/1.1/">mine</d:description></rdf:Description>`,
      ),
    ],
    ['in the second block', wrapped(`<rdf:Description/><rdf:Description ${DC} dc:description="mine"/>`)],
  ])('%s: stays, or is replaced where that is asked for', (_, text) => {
    expect(mergeXmp(text, { description: 'a dog' }, false, 'x')).toBe(text);
    const replaced = mergeXmp(text, { description: 'a dog' }, true, 'x');
    expect(readXmp(replaced, 'x').description).toBe('a dog');
    expect(replaced).not.toMatch(/mine/);
    // Translations stay.
    expect(replaced.includes('meins')).toBe(text.includes('meins'));
    expect(replaced.includes('dc:format="image/png"')).toBe(text.includes('dc:format="image/png"'));
    expect(mergeXmp(replaced, { description: 'a dog' }, true, 'x')).toBe(replaced);
  });
});

test.each([
  ['an empty bag', `<dc:subject><rdf:Bag/></dc:subject>`, []],
  ['an empty property', `<dc:subject/>`, []],
  ['a comment alone', `<dc:subject><rdf:Bag><!-- none --></rdf:Bag></dc:subject>`, []],
  ['a sequence', `<dc:subject><rdf:Seq><rdf:li>cat</rdf:li></rdf:Seq></dc:subject>`, ['cat']],
  ['a plain text', `<dc:subject>cat &amp; co</dc:subject>`, ['cat & co']],
])('subjects in %s are added to', (_, property, before) => {
  const text = wrapped(`<rdf:Description rdf:about="" ${DC}>${property}</rdf:Description>`);
  expect(readXmp(text, 'x').subjects).toEqual(before);
  const merged = mergeXmp(text, { subjects: ['dog'] }, false, 'x');
  expect(readXmp(merged, 'x').subjects).toEqual([...before, 'dog']);
  expect(merged.includes('<!-- none -->')).toBe(text.includes('<!-- none -->'));
});

test('subjects as an attribute become a list', () => {
  const merged = mergeXmp(wrapped(`<rdf:Description ${DC} dc:subject="cat"/>`), { subjects: ['dog'] }, false, 'x');
  expect(readXmp(merged, 'x').subjects).toEqual(['cat', 'dog']);
});

test('where there is no block, one is made', () => {
  for (const text of [wrapped(''), `<rdf:RDF ${RDF}/>`, `<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>`]) {
    expect(readXmp(mergeXmp(text, { description: 'a', subjects: ['b'] }, false, 'x'), 'x')).toEqual({
      description: 'a',
      subjects: ['b'],
    });
  }
});

describe('what is no XMP is refused, and says where', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>${wrapped('&b;')}`;
  const external = `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${wrapped('<rdf:Description>&a;</rdf:Description>')}`;
  test.each([
    ['a bomb of entities', bomb, /photo\.xmp: has a document type/],
    ['an external entity', external, /document type/],
    ['an entity of nowhere', wrapped('&nbsp;'), /no sound XML/],
    ['nothing', '', /no sound XML/],
    ['text', 'a dog', /no sound XML/],
    ['cut short', LIGHTROOM.slice(0, -60), /no sound XML/],
    ['an unknown prefix', wrapped('<dc:subject/>'), /no sound XML/],
    ['HTML', '<html><body/></html>', /is no XMP/],
    ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${wrapped('')}`, /ISO-8859-1/],
    ['nested without end', `${'<a>'.repeat(2000)}${'</a>'.repeat(2000)}`, /nested/],
  ])('%s', (_, text, message) => {
    for (const work of [
      () => readXmp(text, 'photo.xmp'),
      () => mergeXmp(text, { description: 'a' }, true, 'photo.xmp'),
    ]) {
      expect(work).toThrow(expect.objectContaining({ code: 'unreadable', message: expect.stringMatching(message) }));
    }
  });

  test('subjects that are a structure', () => {
    const text = wrapped(
      `<rdf:Description ${DC}><dc:subject rdf:parseType="Resource"><dc:title>a</dc:title></dc:subject></rdf:Description>`,
    );
    expect(() => mergeXmp(text, { subjects: ['dog'] }, false, 'x')).toThrow(/no list of texts/);
  });
});

test('whatever is said is read back, and said again changes nothing', () => {
  const word = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((text) => text.trim() !== '' && !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(text));
  fc.assert(
    fc.property(
      fc.constantFrom(LIGHTROOM, DARKTABLE, wrapped(''), newXmp({})),
      word,
      fc.array(word),
      (text, description, subjects) => {
        const merged = mergeXmp(text, { description, subjects }, true, 'x');
        const read = readXmp(merged, 'x');
        expect(read.description).toBe(description);
        const fold = (one: string) => one.trim().normalize('NFC').toLowerCase();
        const before = readXmp(text, 'x').subjects;
        expect(read.subjects.slice(0, before.length)).toEqual(before);
        expect(new Set(read.subjects.map(fold))).toEqual(new Set([...before, ...subjects].map(fold)));
        expect(read.subjects).toHaveLength(new Set(read.subjects.map(fold)).size);
        expect(mergeXmp(merged, { description, subjects }, true, 'x')).toBe(merged);
      },
    ),
    { numRuns: 200 },
  );
});
