export type RepeatedEvent = {
  /** How often this was left out since it was last let through; undefined when it is to be left out now. */
  pass(key: string): number | undefined;
};

/**
 * Lets an event of one key through once in a while, so that who knocks all day does not fill the log.
 *
 * @param every_ms least time between two that are let through
 * @param keysMax keys remembered; the one that was let through longest ago is forgotten first
 */
export function createRepeatedEvent(every_ms: number, keysMax: number, now_ms: () => number): RepeatedEvent {
  const seen = new Map<string, { readonly at_ms: number; left: number }>();
  return {
    pass(key) {
      const now = now_ms();
      const last = seen.get(key);
      if (last !== undefined && now - last.at_ms < every_ms) {
        last.left += 1;
        return undefined;
      }
      seen.delete(key);
      const oldest = seen.size >= keysMax ? seen.keys().next() : undefined;
      if (oldest?.done === false) seen.delete(oldest.value);
      seen.set(key, { at_ms: now, left: 0 });
      return last?.left ?? 0;
    },
  };
}
