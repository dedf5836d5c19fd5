import { err, ok, type Result } from '@collimator/shared/result';

const DISCRETE = 0;
const LINEAR = 1;
const INDIRECT = 2;

/** Segments that may be read while one table is made: references lead to others, and a few could repeat for ever. */
const segmentsMax = 65_536;

/**
 * Expands a segmented palette (PS3.3 §C.7.9.2): runs of values, straight lines, and references to earlier segments.
 *
 * @param words the segments, one number for each word, or byte of an 8-bit palette
 * @param entries length of the table; anything else is refused
 */
export function expandSegments(words: ArrayLike<number>, entries: number, bits: 8 | 16): Result<Uint16Array, string> {
  const out = new Uint16Array(entries);
  let filled = 0;
  let read = 0;

  /** Reads one segment at `at`; gives where the next one begins. */
  function segment(at: number, direct: boolean): number | undefined {
    if (++read > segmentsMax || at + 2 > words.length) return undefined;
    const [opcode, length] = [words[at], words[at + 1]] as [number, number];
    if (opcode === INDIRECT) return direct ? references(at, length) : undefined;
    const end = at + 2 + (opcode === DISCRETE ? length : 1);
    if ((opcode !== DISCRETE && opcode !== LINEAR) || end > words.length || filled + length > entries) return undefined;
    if (opcode === DISCRETE) {
      for (let i = at + 2; i < end; i++) out[filled++] = words[i] as number;
      return end;
    }
    if (filled === 0) return undefined;
    const [from, to] = [out[filled - 1], words[at + 2]] as [number, number];
    for (let i = 1; i <= length; i++) out[filled++] = Math.round(from + ((to - from) * i) / length);
    return end;
  }

  /** An indirect segment: how many segments to read again, from an offset given in bytes, low part first. */
  function references(at: number, count: number): number | undefined {
    const parts = bits === 8 ? 4 : 2;
    if (at + 2 + parts > words.length) return undefined;
    let offset = 0;
    for (let i = parts - 1; i >= 0; i--) offset = offset * 2 ** bits + (words[at + 2 + i] as number);
    let next: number | undefined = offset / (bits / 8);
    for (let i = 0; i < count; i++) {
      if (next === undefined || !Number.isInteger(next)) return undefined;
      next = segment(next, false);
    }
    return next === undefined ? undefined : at + 2 + parts;
  }

  for (let at: number | undefined = 0; filled < entries; ) {
    at = segment(at, true);
    if (at === undefined) return err(`segments of a palette that make ${filled} of ${entries} entries`);
  }
  return ok(out);
}
