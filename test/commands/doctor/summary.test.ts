import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { summaryLines } from '../../../src/commands/doctor/summary.js';
import type { Check } from '../../../src/model/doctor/index.js';
import { widthOf } from '../../../src/ui/layout.js';

const CHECKS: readonly Check[] = [
  { area: 'program', name: 'node', status: 'ok', found: 'v20' },
  { area: 'engines', name: 'onnx cpu', status: 'ok', found: 'fast', ms: { encode: 13.6, caption: 85.2 } },
  { area: 'engines', name: 'onnx cuda', status: 'absent', found: 'no GPU', advice: 'it needs one' },
  { area: 'models', name: 'default', status: 'fatal', found: 'is \u001b[2J gone', advice: 'coca models pull it' },
  { area: 'models', name: 'settings', status: 'ok', found: '/there' },
];

describe.each([
  [40, 24],
  [80, 24],
  [120, 40],
  [200, 60],
])('at %i columns', (columns) => {
  test.each(['none', '16', '256', 'any'] as const)(
    'what is wrong comes first, a line for what is well; %s',
    (colors) => {
      const painted = summaryLines(CHECKS, false, { columns, colors });
      expect(painted.join('').includes('\u001b[')).toBe(colors !== 'none');
      const lines = painted.map(stripVTControlCharacters);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      const text = lines.join('\n');
      expect(text).toMatch(
        /^\nneeds attention\n {2}bad default *(\n)? +is \\x1b\[2J gone\n +coca models pull it\n\nprogram +ok: node\nengines/,
      );
      expect(text.replaceAll(/\s+/g, ' ')).toContain(
        'engines ok: onnx cpu (14 ms to encode, 85 ms to caption) · not here: onnx cuda models ok: settings',
      );
      expect(text).toMatch(/--all/);
    },
  );

  test('as a whole every check has a line, under its area', () => {
    const text = summaryLines(CHECKS, true, { columns, colors: 'none' }).join('\n');
    expect(text).toMatch(
      /needs attention[\s\S]*\nprogram\n {2}ok {2}node[\s\S]*\nengines\n[\s\S]*no {2}onnx cuda[\s\S]*it needs one/,
    );
  });
});

test('where all is well, nothing asks for attention', () => {
  const well = CHECKS.filter(({ status }) => status !== 'fatal');
  expect(summaryLines(well, false, { columns: 80, colors: 'none' }).join('\n')).not.toContain('attention');
});
