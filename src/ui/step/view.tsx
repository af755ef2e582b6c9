import { Box } from 'ink';
import { type ReactElement, useMemo } from 'react';
import { encoder } from '../picture/encode.js';
import type { PictureKind } from '../picture/raster.js';
import { visible } from '../text.js';
import { useCellSize } from '../view/use-cell-size.js';
import { usePaintings } from '../view/use-paintings.js';
import { usePresses } from '../view/use-presses.js';
import { useScreenSize } from '../view/use-screen-size.js';
import type { Stage, ViewExit } from '../view/view.js';
import { commandOf, type StepCommand } from './keys.js';
import { layoutOf, wantedOf } from './layout.js';
import { scrollRangeOf } from './scroll.js';
import type { StepSource } from './source.js';
import { picturePaintings, textPainting } from './stage.js';
import type { LimitedAction, StepState } from './state.js';
import { useAttention, useMoved } from './use-compared.js';
import { useSlow } from './use-slow.js';
import { useWalk } from './use-walk.js';

export interface StepViewProps {
  readonly source: StepSource;
  /** What pictures are drawn with. */
  readonly kind: PictureKind;
  readonly state: StepState;
  readonly stage: Stage<StepState, LimitedAction, ViewExit>;
}

/** A search as a tree that grows with each key. */
export function StepView({ source, kind, state, stage }: StepViewProps): ReactElement {
  const { now, leave, colors } = stage;
  const size = useScreenSize(stage);
  const { cell, isAnswer } = useCellSize(stage, kind, size);
  const { snapshot, found, scrollRange, isAtWork, look, ask, save } = useWalk(source, state, stage.act);

  const accept = (): void => {
    const { mode, draft, query, match, verb, back } = now();
    if (mode === 'options') ask({ type: 'set-typed', options: draft });
    else if (mode === 'change') ask({ type: 'change-typed', verb, text: query, back });
    else ask({ type: 'force-found', query, match });
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
        else leave('quit');
        break;
      case 'save-and-leave':
        save(() => leave('quit'));
        break;
      case 'leave':
        leave('quit');
        break;
      case 'interrupt':
        leave(command.type);
    }
  };
  usePresses(stage, isAnswer, ({ input, key }) => {
    const command = commandOf(input, key, now());
    if (command) perform(command);
  });

  const layout = useMemo(
    () => layoutOf(size.columns, size.rows, wantedOf(snapshot.session, state, kind !== 'none')),
    [size, snapshot, state, kind],
  );
  scrollRange.current = scrollRangeOf(snapshot, state, layout, colors);
  const hasMap = state.isAttending && layout.pictureRows > 0;
  const { value: map, isLooking, problem } = useAttention(source, snapshot, hasMap, state.back);
  const earlier = useMoved(source, snapshot, layout.movedColumns > 0 && state.back > 0, state.back);
  const moved = state.back > 0 ? earlier : snapshot.moved;
  const { picture: raster, grid } = source;
  const isSlow = useSlow(isAtWork || isLooking);
  const remark = remarkOf(
    state,
    kind,
    hasMap,
    problem,
    isSlow ? (isLooking ? 'looking ...' : 'at work ... Esc stops') : '',
  );
  const mapRemark = map?.isFlat ? 'looks nowhere in particular (flat map)' : '';
  const text = useMemo(
    () => textPainting(source, snapshot, { state, found, moved, remark, mapRemark }, layout, colors),
    [source, snapshot, state, found, moved, remark, mapRemark, layout, colors],
  );
  const isHelp = state.mode === 'help';
  const encode = useMemo(() => (kind === 'none' ? undefined : encoder(kind, colors, cell)), [kind, colors, cell]);
  const picture = useMemo(
    () => (isHelp || !encode ? [] : picturePaintings({ picture: raster, grid }, map, layout, encode)),
    [isHelp, raster, grid, map, layout, encode],
  );
  usePaintings(
    stage.screen,
    useMemo(() => [text, ...picture], [text, picture]),
  );

  // Ink's frame is empty: all that is to be seen is painted.
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
