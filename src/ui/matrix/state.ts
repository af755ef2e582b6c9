/** What is on the screen, as a value: the cell that is looked at. */
export interface MatrixState {
  readonly row: number;
  readonly column: number;
  readonly isHelp: boolean;
}

export interface MatrixLimits {
  readonly rows: number;
  readonly columns: number;
}

export type MatrixAction =
  | { readonly type: 'move'; readonly rows: number; readonly columns: number }
  | { readonly type: 'next-column' | 'previous-column' | 'first-column' | 'last-column' }
  | { readonly type: 'toggle-help' | 'close-help' };

export const INITIAL: MatrixState = { row: 0, column: 0, isHelp: false };

/** What a key press makes of a state. Arrows stop at the edges; from column to column it goes around. */
export function reduce(state: MatrixState, action: MatrixAction, { rows, columns }: MatrixLimits): MatrixState {
  switch (action.type) {
    case 'move':
      return {
        ...state,
        row: within(state.row + action.rows, rows),
        column: within(state.column + action.columns, columns),
      };
    case 'next-column':
      return { ...state, column: (state.column + 1) % columns };
    case 'previous-column':
      return { ...state, column: (state.column + columns - 1) % columns };
    case 'first-column':
      return { ...state, column: 0 };
    case 'last-column':
      return { ...state, column: columns - 1 };
    case 'toggle-help':
      return { ...state, isHelp: !state.isHelp };
    case 'close-help':
      return { ...state, isHelp: false };
  }
}

const within = (at: number, count: number): number => Math.max(0, Math.min(at, count - 1));
