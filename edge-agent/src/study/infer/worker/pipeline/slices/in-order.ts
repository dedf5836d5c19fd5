/**
 * Starts work on a list, a bounded number of items ahead, and gives the outcomes in the order of the list. When the
 * taker stops early, or one fails, nothing more is started, and what flies is waited for.
 *
 * @param ahead items that are worked on at once, those that wait to be taken included
 */
export async function* inOrder<From, To>(
  list: readonly From[],
  ahead: number,
  start: (one: From) => Promise<To>,
): AsyncGenerator<To, void, undefined> {
  const flying: Promise<To>[] = [];
  let next = 0;
  try {
    for (;;) {
      while (flying.length < ahead && next < list.length) {
        const work = start(list[next++] as From);
        // It is awaited when its turn comes; until then its failure is nobody's.
        work.catch(() => undefined);
        flying.push(work);
      }
      const first = flying.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    await Promise.allSettled(flying);
  }
}
