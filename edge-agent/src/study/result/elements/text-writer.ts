import type { RawElement } from '../../decode/raw-element.ts';

/** Writes text of ours in the character set of an object, which is its source's. */
export type TextWriter = (tag: number, vr: 'LO' | 'SH' | 'PN' | 'LT' | 'ST' | 'UT', value: string) => RawElement;

const SPECIFIC_CHARACTER_SET = 0x00080005;

/** Longest value in characters (PS3.5 §6.2). */
const charactersMax = { LO: 64, SH: 16, PN: 64, LT: 10_240, ST: 1024, UT: 1_000_000 } as const;
/** VRs in which a backslash parts values. */
const multivalued: ReadonlySet<string> = new Set(['LO', 'SH', 'PN']);

/**
 * ASCII is the same in every character set that DICOM knows. Beyond it, text is written where the source's set is
 * UTF-8 or Latin-1; in every other set accents are dropped and what is left over becomes a question mark, rather than
 * change the character set under the patient's name. Text too long for its VR is cut.
 */
export function createTextWriter(subject: readonly RawElement[]): TextWriter {
  const declared = subject.find((element) => element.tag === SPECIFIC_CHARACTER_SET)?.value;
  const set = declared instanceof Uint8Array ? Buffer.from(declared).toString('latin1').trim() : '';
  return (tag, vr, value) => {
    if (isPlain(value)) return { tag, vr, value: Buffer.from(value.slice(0, charactersMax[vr]), 'latin1') };
    const plain = multivalued.has(vr) ? value.replaceAll('\\', '/') : value;
    // Control characters could end a value or switch the character set (PS3.5 §6.1.3); line ends are text in LT, ST, UT.
    const clean = Array.from(plain.normalize('NFC')).filter((c) => c >= ' ' || (c === '\n' && !multivalued.has(vr)));
    return { tag, vr, value: encode(clean, set, charactersMax[vr]) };
  };
}

/** What is the same whatever is done below; nearly all text is, and a report has a lot of it. */
const isPlain = (value: string): boolean => /^[ -[\]-~]*$/.test(value);

function encode(characters: readonly string[], set: string, charactersMax: number): Uint8Array {
  if (set === 'ISO_IR 192') return Buffer.from(characters.slice(0, charactersMax).join(''), 'utf8');
  const highest = set === 'ISO_IR 100' ? 0xff : 0x7e;
  const fits = (character: string): boolean => {
    const code = character.codePointAt(0) ?? 0;
    return code <= highest && (code < 0x7f || code > 0x9f);
  };
  const written = characters.map((character) => {
    if (fits(character)) return character;
    const base = Array.from(character.normalize('NFKD'))
      .filter((c) => c >= ' ' && c <= '~')
      .join('');
    return base === '' ? '?' : base;
  });
  // Letters can come apart into several.
  return Buffer.from(written.join('').slice(0, charactersMax), 'latin1');
}
