/** Splits a stream of text into lines of bounded length; the excess of a longer line is dropped and counted. */
export type LineSplitter = {
  readonly push: (chunk: string) => readonly string[];
  /** What stood after the last line end. */
  readonly rest: () => string;
  readonly droppedCharacters: () => number;
};

export function makeLineSplitter(lineCharactersMax: number): LineSplitter {
  let pending = '';
  let dropped = 0;
  const keep = (text: string): void => {
    const room = lineCharactersMax - pending.length;
    dropped += Math.max(0, text.length - room);
    pending += text.slice(0, room);
  };
  return {
    push(chunk) {
      const lines: string[] = [];
      const parts = chunk.split('\n');
      for (const [i, part] of parts.entries()) {
        keep(part);
        if (i === parts.length - 1) break;
        lines.push(pending);
        pending = '';
      }
      return lines;
    },
    rest: () => pending,
    droppedCharacters: () => dropped,
  };
}
