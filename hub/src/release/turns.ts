/** Runs changes one after the other, in the order in which they were asked for. */
export type InTurn = <T>(change: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(change: () => Promise<T>): Promise<T> => {
    const before = last;
    const run = async (): Promise<T> => {
      // Whoever asked for the change before gets its error; this one starts all the same.
      await Promise.allSettled([before]);
      return change();
    };
    const done = run();
    last = done;
    return done;
  };
}
