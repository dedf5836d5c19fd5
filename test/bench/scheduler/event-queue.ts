/** Events by time; those of the same time as they were added. */
export type EventQueue<E> = { push(at_ms: number, event: E): void; pop(): { at_ms: number; event: E } | undefined };

type Entry<E> = { readonly at_ms: number; readonly order: number; readonly event: E };

export function createEventQueue<E>(): EventQueue<E> {
  const heap: Entry<E>[] = [];
  let order = 0;
  const before = (a: Entry<E>, b: Entry<E>): boolean => (a.at_ms !== b.at_ms ? a.at_ms < b.at_ms : a.order < b.order);

  return {
    push(at_ms, event) {
      const entry = { at_ms, order: order++, event };
      let at = heap.length;
      heap.push(entry);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(entry, heap[parent] as Entry<E>)) break;
        heap[at] = heap[parent] as Entry<E>;
        at = parent;
      }
      heap[at] = entry;
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1] as Entry<E>, heap[child] as Entry<E>)) child++;
        if (!before(heap[child] as Entry<E>, last)) break;
        heap[at] = heap[child] as Entry<E>;
        at = child;
      }
      heap[at] = last;
      return first;
    },
  };
}
