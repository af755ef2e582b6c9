import { Box, useApp, useInput } from 'ink';
import { type ReactElement, useEffect, useInsertionEffect, useMemo } from 'react';
import { pictureDrawer } from '../attend/drawing.js';
import type { PictureKind } from '../picture.js';
import type { Screen } from '../screen.js';
import { type ScreenSize, useScreenSize } from '../screen-size.js';
import type { Colors } from '../terminal.js';
import { visible } from '../text.js';
import { useCellSize } from '../use-cell-size.js';
import { commandOf, type StepCommand } from './keys.js';
import { layoutOf } from './layout.js';
import { pressesOf } from './presses.js';
import { scrollRangeOf } from './scroll.js';
import type { StepSource } from './source.js';
import { picturePaintings, textPainting } from './stage.js';
import type { StepState } from './state.js';
import { useAttention } from './use-attention.js';
import { useSlow } from './use-slow.js';
import { useWalk } from './use-walk.js';

export interface StepViewProps {
  readonly source: StepSource;
  readonly colors: Colors;
  /** What pictures are drawn with. */
  readonly kind: PictureKind;
  /** Ink's stdout. */
  readonly screen: Screen;
  /** Its size now. */
  readonly sizeOf: () => ScreenSize;
}

/** A search as a tree that grows with each key. */
export function StepView({ source, colors, kind, screen, sizeOf }: StepViewProps): ReactElement {
  const { exit } = useApp();
  const size = useScreenSize(screen, sizeOf);
  const { cell, isAnswer } = useCellSize(screen, kind, size, sizeOf);
  const { snapshot, state, live, found, scrollRange, isAtWork, look, ask, save } = useWalk(source);

  const accept = (): void => {
    const { mode, draft, query, match } = live.current;
    ask(mode === 'options' ? { type: 'set', options: draft } : { type: 'force-found', query, match });
  };
  const perform = (command: StepCommand): void => {
    switch (command.type) {
      case 'look':
        look(command.action);
        break;
      case 'ask':
        ask(command.request);
        break;
      case 'accept':
        accept();
        break;
      case 'stop':
        source.stop();
        break;
      case 'save':
        save();
        break;
      case 'quit':
        if (source.isUnsaved()) look({ type: 'ask-to-leave' });
        else exit('quit');
        break;
      case 'save-and-leave':
        save(() => exit('quit'));
        break;
      case 'leave':
        exit('quit');
        break;
      case 'interrupt':
        exit(command.type);
    }
  };
  useInput((input, key) => {
    if (isAnswer(input)) return;
    // Each press can change what the next one means.
    for (const press of pressesOf(input, key)) {
      const command = commandOf(press.input, press.key, live.current);
      if (command) perform(command);
    }
  });

  const layout = useMemo(
    () =>
      layoutOf(size.columns, size.rows, {
        lines: snapshot.lines.length,
        hypotheses: Math.max(snapshot.hypotheses.length, snapshot.width),
        isAttending: state.isAttending,
        hasPicture: kind !== 'none',
        isOther: state.isOther,
      }),
    [size, snapshot, state.isAttending, kind, state.isOther],
  );
  scrollRange.current = scrollRangeOf(snapshot, state, layout, colors);
  const hasMap = state.isAttending && layout.pictureRows > 0;
  const { map, isLooking, problem } = useAttention(source, snapshot, hasMap, state.back);
  const isSlow = useSlow(isAtWork || isLooking);
  const remark = remarkOf(
    state,
    kind,
    hasMap,
    problem,
    isSlow ? (isLooking ? 'looking ...' : 'at work ... Esc stops') : '',
  );
  const text = useMemo(
    () => textPainting(source, snapshot, { state, found, remark }, layout, colors),
    [source, snapshot, state, found, remark, layout, colors],
  );
  const isHelp = state.mode === 'help';
  const draw = useMemo(() => (kind === 'none' ? undefined : pictureDrawer(kind, colors, cell)), [kind, colors, cell]);
  const picture = useMemo(
    () => (isHelp || !draw ? [] : picturePaintings(source, map, layout, draw)),
    [isHelp, source, map, layout, draw],
  );
  // Before Ink writes its frame, which is empty: all that is to be seen is painted.
  useInsertionEffect(() => screen.setPaintings([text, ...picture]), [screen, text, picture]);
  useEffect(() => screen.flush());

  return <Box width={layout.columns} height={layout.height} />;
}

/** What the last line says in place of the keys. */
function remarkOf(
  { message, isAttending }: StepState,
  kind: PictureKind,
  hasMap: boolean,
  problem: string,
  working: string,
): string {
  if (message !== '') return message;
  if (isAttending && kind === 'none') return 'where the token looks is a picture, and there are none (--images none)';
  if (isAttending && !hasMap) return 'no room for the picture: a larger terminal shows where the token looks';
  return problem !== '' ? visible(problem) : working;
}
