import { Component, type ReactNode } from 'react';

/**
 * Ends the program when a view cannot be drawn, as any error does that was not caught: the terminal is put in order and one
 * line says what it was. Ink itself would draw the stack over what is there.
 */
export class Guard extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override readonly state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override componentDidCatch(error: unknown): void {
    setImmediate(() => {
      throw error;
    });
  }

  override render(): ReactNode {
    return this.state.isBroken ? null : this.props.children;
  }
}
