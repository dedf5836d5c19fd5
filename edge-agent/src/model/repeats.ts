/** Remembers the last refused content per subject, so that a retained message is not reported at every reconnect. */
export interface Repeats {
  /** Whether this is what was last seen for the subject; remembers it. */
  seen(subject: string, what: string): boolean;
  forget(subject: string): void;
}

/** Subjects remembered at once; beyond, the oldest is forgotten and may be reported again. */
const subjectsMax = 512;

export function createRepeats(): Repeats {
  const last = new Map<string, string>();
  return {
    seen(subject, what) {
      if (last.get(subject) === what) return true;
      last.delete(subject);
      const oldest = last.size >= subjectsMax ? last.keys().next() : undefined;
      if (oldest?.done === false) last.delete(oldest.value);
      last.set(subject, what);
      return false;
    },
    forget: (subject) => void last.delete(subject),
  };
}
