import type { Code } from '@collimator/shared/contracts/release';
import type { RawElement, RawItem } from '../../decode/raw-element.ts';
import type { TextWriter } from './text-writer.ts';

export const dcm = (code: string, meaning: string): Code => ({ scheme: 'DCM', code, meaning });
export const sct = (code: string, meaning: string): Code => ({ scheme: 'SCT', code, meaning });

/** What no standard scheme has a code for; see CODING_SCHEME. */
export const own = (code: string, meaning: string): Code => ({ scheme: '99COLLIMATOR', code, meaning });

const SHORT_CODE_MAX = 16;

/** The item of a code sequence (PS3.3 §8.8). A code of more than 16 characters is a long code value. */
export function codeItem({ scheme, code, meaning }: Code, text: TextWriter): RawItem {
  const value: RawElement =
    code.length > SHORT_CODE_MAX ? { ...text(0x00080119, 'UT', code), vr: 'UC' } : text(0x00080100, 'SH', code);
  return [value, text(0x00080102, 'SH', scheme), text(0x00080104, 'LO', meaning)];
}

export const codeSequence = (tag: number, code: Code, text: TextWriter): RawElement => ({
  tag,
  vr: 'SQ',
  value: [codeItem(code, text)],
});
