/** A value that is made when it is first asked for: what a start does not need should not be waited for. */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
