import { CodedError } from '@collimator/shared/errors/coded-error';

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of `90s`, `30m`, `24h` or `7d`. Throws `duration-invalid`. */
export function parseDurationS(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text.trim());
  const unit = match?.[2] as keyof typeof secondsOf | undefined;
  if (match === null || unit === undefined) throw new CodedError('duration-invalid', JSON.stringify(text));
  return Number(match[1]) * secondsOf[unit];
}
