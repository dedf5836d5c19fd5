/**
 * Runs jobs of which only the newest of a key matters, one at a time per key: while one is at work, one more may wait,
 * and a newer one takes its place. However fast somebody talks, two of his messages are held.
 */
export function createNewestOnly(): (key: string, job: () => Promise<void>) => Promise<'done' | 'replaced'> {
  type Waiting = { readonly replace: () => void; readonly start: () => void };
  const lines = new Map<string, { next: Waiting | undefined }>();

  const leave = (key: string, line: { next: Waiting | undefined }): void => {
    const { next } = line;
    line.next = undefined;
    if (next === undefined) lines.delete(key);
    else next.start();
  };
  return async (key, job) => {
    const line = lines.get(key) ?? { next: undefined };
    if (lines.has(key)) {
      line.next?.replace();
      const turn = await new Promise<'start' | 'replaced'>((resolve) => {
        line.next = { replace: () => resolve('replaced'), start: () => resolve('start') };
      });
      if (turn === 'replaced') return turn;
    } else lines.set(key, line);
    try {
      await job();
      return 'done';
    } finally {
      leave(key, line);
    }
  };
}
