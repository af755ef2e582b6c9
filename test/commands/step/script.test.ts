import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseScript, VERBS } from '../../../src/commands/step/script.js';
import type { Verb } from '../../../src/model/stepper/index.js';

const only = (script: string): Verb => parseScript(script)[0]!.verb;

describe('words', () => {
  test.each<[string, Verb]>([
    ['next', { type: 'next', times: 1 }],
    ['next:3', { type: 'next', times: 3 }],
    [' next : 3 ', { type: 'next', times: 3 }],
    ['undo:2', { type: 'undo', times: 2 }],
    ['redo', { type: 'redo', times: 1 }],
    ['run', { type: 'run' }],
    ['choose:2', { type: 'choose', to: 2 }],
    ['choose:first', { type: 'choose', to: 'first' }],
    ['choose:up', { type: 'choose', to: 'up' }],
    ['choose:down', { type: 'choose', to: 'down' }],
    ['force:dog', { type: 'force', target: { text: 'dog' } }],
    ['force:a dog', { type: 'force', target: { text: 'a dog' } }],
    ['force:#3', { type: 'force', target: { candidate: 3 } }],
    ['force:=1929', { type: 'force', target: { id: 1929 } }],
    ['force:","', { type: 'force', target: { text: ',' } }],
    ['force:"#3"', { type: 'force', target: { text: '#3' } }],
    ['force:" dog "', { type: 'force', target: { text: ' dog ' } }],
    ['force:"\\"\\\\"', { type: 'force', target: { text: '"\\' } }],
    ['force:12:30', { type: 'force', target: { text: '12:30' } }],
    ['prune', { type: 'prune', beam: undefined }],
    ['prune:0', { type: 'prune', beam: 0 }],
    ['fork', { type: 'fork', beam: undefined, step: undefined }],
    ['fork:2', { type: 'fork', beam: 2, step: undefined }],
    ['fork:2@3', { type: 'fork', beam: 2, step: 3 }],
    ['fork@3', { type: 'fork', beam: undefined, step: 3 }],
    ['fork:@0', { type: 'fork', beam: undefined, step: 0 }],
    ['line:1', { type: 'line', line: 1 }],
    ['erase:whale', { type: 'change', change: { type: 'erase', region: { word: 'whale' } } }],
    ['erase : 2', { type: 'change', change: { type: 'erase', region: { word: '2' } } }],
    ['erase@1:whale', { type: 'change', change: { type: 'erase', region: { word: 'whale' } }, step: 1 }],
    ['erase:"3x2+1+0"', { type: 'change', change: { type: 'erase', region: { word: '3x2+1+0' } } }],
    [
      'erase@0:3x2+1+0',
      {
        type: 'change',
        change: { type: 'erase', region: { rectangle: { x: 1, y: 0, width: 3, height: 2 } } },
        step: 0,
      },
    ],
    [
      'erase:100x80+40+30px',
      { type: 'change', change: { type: 'erase', region: { box: { x: 40, y: 30, width: 100, height: 80 } } } },
    ],
    ['erase:=12 13', { type: 'change', change: { type: 'erase', region: { cells: [12, 13] } } }],
    ['erase:dog=12', { type: 'change', change: { type: 'erase', region: { cells: [12], word: 'dog' } } }],
    ['ablate:cross.2.h5 mlp.text.1', { type: 'change', change: { type: 'ablate', sites: 'cross.2.h5 mlp.text.1' } }],
    ['ablate:"a,b"', { type: 'change', change: { type: 'ablate', sites: 'a,b' } }],
    ['patch:b.png', { type: 'change', change: { type: 'patch', image: 'b.png' } }],
    ['patch@2:C:\\a b@3.png', { type: 'change', change: { type: 'patch', image: 'C:\\a b@3.png' }, step: 2 }],
    ['patch:b c.png at vision.2', { type: 'change', change: { type: 'patch', image: 'b c.png', site: 'vision.2' } }],
    ['patch:"a at b, c.png"', { type: 'change', change: { type: 'patch', image: 'a at b, c.png' } }],
    ['patch:"a, b.png" at image:5', { type: 'change', change: { type: 'patch', image: 'a, b.png', site: 'image:5' } }],
    ['set:beams=4', { type: 'set', options: { beams: 4 } }],
    ['set: length-penalty = 0.5', { type: 'set', options: { lengthPenalty: 0.5 } }],
    ['set:beams=4 length-penalty = 0.5', { type: 'set', options: { beams: 4, lengthPenalty: 0.5 } }],
    ['set:no-repeat-ngram=2', { type: 'set', options: { noRepeatNgram: 2 } }],
    ['set:early-stopping=never', { type: 'set', options: { earlyStopping: 'never' } }],
    ['set:early-stopping=true', { type: 'set', options: { earlyStopping: true } }],
  ])('%s', (script, command) => expect(only(script)).toEqual(command));

  test('stand between commas, each with its place', () => {
    const words = parseScript('next, next ,force:"a,b",run');
    expect(words.map(({ text, word, column }) => [text, word, column])).toEqual([
      ['next', 1, 1],
      ['next', 2, 7],
      ['force:"a,b"', 3, 13],
      ['run', 4, 25],
    ]);
  });

  test('there may be none', () => {
    expect(parseScript('')).toEqual([]);
    expect(parseScript('  ')).toEqual([]);
  });
});

describe('what is wrong, which word, and where', () => {
  const list = Object.values(VERBS).join(', ');
  test.each<[string, string, string]>([
    ['nxt', "'nxt' (word 1, column 1): there is no verb nxt", 'did you mean next?'],
    ['next, prnue:2', "'prnue:2' (word 2, column 7): there is no verb prnue", 'did you mean prune?'],
    ['dance', "'dance' (word 1, column 1): there is no verb dance", `verbs: ${list}`],
    ['next,,run', 'nothing (word 2, column 6): there is no verb', `verbs: ${list}`],
    ['next,', 'nothing (word 2, column 6): there is no verb', `verbs: ${list}`],
    [':3', "':3' (word 1, column 1): there is no verb", `verbs: ${list}`],
    ['constructor', 'there is no verb constructor', `verbs: ${list}`],
    ['next:0', "'0' is no whole number from 1 up", 'it is next[:N]'],
    ['next:-1', "'-1' is no whole number from 1 up", 'it is next[:N]'],
    ['next:9999999999', 'is no whole number from 1 up', 'it is next[:N]'],
    ['next:', 'nothing follows the colon', 'it is next[:N]'],
    ['run:2', 'run takes nothing', 'it is run'],
    ['choose', 'choose needs an argument', 'it is choose:BEAM|first|up|down'],
    ['choose:left', "'left' is no whole number from 0 up", 'it is choose:BEAM|first|up|down'],
    ['force', 'force needs an argument', 'it is force:TEXT|#CANDIDATE|=ID'],
    ['force:', 'nothing follows the colon', 'it is force:TEXT|#CANDIDATE|=ID'],
    ['force:#0', "'0' is no whole number from 1 up", 'it is force:TEXT|#CANDIDATE|=ID'],
    ['force:=x', "'x' is no whole number from 0 up", 'it is force:TEXT|#CANDIDATE|=ID'],
    ['force:"dog', 'quotes stand around the whole argument', 'as in force:","'],
    ['force:a"b"', 'quotes stand around the whole argument', 'as in force:","'],
    ['fork:1@2@3', "'1@2@3' has more than one @", 'it is fork[:BEAM][@STEP]'],
    ['fork:1@', "'' is no whole number from 0 up", 'it is fork[:BEAM][@STEP]'],
    ['next@2', "'@2' is no whole number from 1 up", 'it is next[:N]'],
    ['erase', 'erase needs an argument', 'it is erase[@STEP]:WORD'],
    ['erase@1', 'erase needs an argument', 'it is erase[@STEP]:WORD'],
    ['erase@x:dog', 'erase needs an argument', 'it is erase[@STEP]:WORD'],
    ['erase:', 'nothing follows the colon', 'it is erase[@STEP]:WORD'],
    ['erase:3x2', "'3x2' is no region", '3 cells wide'],
    ['erase:3x2+1', "'3x2+1' is no region", '3 cells wide'],
    ['erase:=', "'=' is no region", '3 cells wide'],
    ['erase:=1 dog', "'=1 dog' is no region", '3 cells wide'],
    ['erase:"a" b', 'quotes stand around the whole argument', 'it is erase'],
    ['ablate: ', 'nothing follows the colon', 'it is ablate[@STEP]:SITE'],
    ['patch: at image', 'no file is named', 'it is patch[@STEP]:FILE[ at SITE]'],
    ['patch:"a" image', "'image' is no site", 'it is patch[@STEP]:FILE[ at SITE]'],
    ['line', 'line needs an argument', 'it is line:N'],
    ['set:beams', "'beams' is not OPTION=VALUE", 'it is set:OPTION=VALUE'],
    ['set:beam=2', "there is no option 'beam' that can be changed on the way", 'did you mean beams?'],
    ['set:strategy=greedy', "there is no option 'strategy'", 'what can: beams, '],
    ['set:beams=many', "beams takes a whole number, not 'many'", 'it is set:OPTION=VALUE'],
    ['set:beams=0', 'beams must be at least 1, not 0', 'it is set:OPTION=VALUE'],
    ['set:early-stopping=yes', "early-stopping takes true, false or never, not 'yes'", 'it is set:OPTION=VALUE'],
  ])('%s', (script, message, hint) => {
    expect(() => parseScript(script)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
    expect(() => parseScript(script)).toThrow(/^--script: /);
  });

  test('anything is a script, or an error that says where', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Object.keys(VERBS), ':', ',', '"', '\\', '=', '@', '#', '1', ' ', 'x')),
        (parts) => {
          try {
            parseScript(parts.join(''));
          } catch (error) {
            expect(error).toMatchObject({
              code: 'usage',
              message: expect.stringMatching(/^--script: .*word \d+, column \d+/),
            });
          }
        },
      ),
    );
  });
});
