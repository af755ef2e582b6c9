import fc from 'fast-check';
import { expect, test } from 'vitest';
import { embeddedJson, htmlPage } from '../../../src/ui/page/page.js';
import { partsOfPage } from '../../support/page.js';

const PARTS = { style: 'p { color: red }', script: 'function main() {}', version: '1.2.3' };
const HOSTILE = [
  '</script><script>alert(1)</script>',
  '<!-- <script>',
  ']]>',
  '\u2028\u2029',
  '\u202egnp.exe',
  'a\u001b]0;x\u0007',
  '"\'&amp;<s>',
  '\ud800 \udc80',
];

const page = (object: object, name = 'a.png') =>
  htmlPage('attend', [{ object, pictures: [{ name, png: Buffer.from('PNG'), size: 3 }] }], PARTS);

test.each(HOSTILE)('%j in data and names becomes no markup and no script, and is read as it was', (text) => {
  const object = { image: text, caption: text, [text]: [text] };
  const html = page(object, text);
  const { json, scripts } = partsOfPage(html);
  expect(JSON.parse(json)).toEqual([object]);
  expect(scripts).toBe(3);
  expect(html).not.toMatch(/<!--|<s>|alert\(1\)<\/script/);
  expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202e\ud800-\udfff]/);
});

test('any text goes into the JSON of a page and comes out as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE))), (texts) => {
      const json = embeddedJson(texts);
      expect(json).not.toContain('<');
      expect(JSON.parse(json)).toEqual(texts);
    }),
  );
});

test('the policy lets the one script of the page run, pictures that lie in it be drawn, and nothing be asked for', () => {
  const { policy, hash, script } = partsOfPage(page({}));
  expect(policy).toBe(`default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '${hash}'`);
  expect(script).toBe("'use strict';\nfunction main() {}\nmain(showAttend);\n");
});

test('pictures lie in their section with their names, and the title says of what the page is', () => {
  const html = page({}, 'a "b" & <c>.png');
  expect(html).toContain('<title>a &quot;b&quot; &amp; &lt;c&gt;.png · coca attend</title>');
  expect(html).toContain(
    '<section class="result"><img src="data:image/png;base64,UE5H" width="3" height="3" alt="a &quot;b&quot; &amp; &lt;c&gt;.png"></section>',
  );
  expect(html).not.toMatch(/https?:|src="(?!data:)|href="(?!data:)|url\(/);
});
