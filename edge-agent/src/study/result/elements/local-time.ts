import type { RawElement } from '../../decode/raw-element.ts';

/** One moment as DICOM writes it (PS3.5 §6.2): DA, TM and DT, all in the same local time. */
export type LocalTime = { readonly date: string; readonly time: string; readonly dateTime: string };

const TIMEZONE_OFFSET = 0x00080201;

/**
 * A moment in the local time of an object. The source's own offset (0008,0201) wins, for it is copied into the object
 * and governs every date in it.
 */
export function localTime(now: Date, subject: readonly RawElement[], utcOffset_min = 0): LocalTime {
  const offset_min = offsetOf(subject) ?? utcOffset_min;
  const local = new Date(now.getTime() + offset_min * 60_000).toISOString();
  const date = local.slice(0, 10).replaceAll('-', '');
  const time = `${local.slice(11, 19).replaceAll(':', '')}.${local.slice(20, 23)}`;
  const size = Math.abs(offset_min);
  const two = (value: number): string => String(value).padStart(2, '0');
  const suffix = `${offset_min < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
  return { date, time, dateTime: `${date}${time}${suffix}` };
}

function offsetOf(subject: readonly RawElement[]): number | undefined {
  const value = subject.find((element) => element.tag === TIMEZONE_OFFSET)?.value;
  const written = value instanceof Uint8Array ? Buffer.from(value).toString('latin1').trim() : '';
  const match = /^([+-])(\d\d)(\d\d)$/.exec(written);
  return match === null ? undefined : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}
