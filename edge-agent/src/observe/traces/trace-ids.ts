import { createHash } from 'node:crypto';

/**
 * Ids are made of what is on the disk, not of chance: what a study went through before and after a restart of the appliance
 * is one trace, and a span can be named as a parent before it has ended, by another process even.
 */
const digest = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** 16 bytes in hexadecimal digits. @param serial of the appliance @param study its internal key */
export const traceIdOf = (serial: string, study: number, revision: number): string =>
  digest('collimator study', serial, study, revision).slice(0, 32);

/** 8 bytes in hexadecimal digits, unlike for every other name within the trace. */
export const spanIdOf = (traceId: string, ...name: readonly (string | number)[]): string =>
  digest(traceId, ...name).slice(0, 16);

/** Whether a trace is one of the part that is told; the same answer wherever it is asked. @param ratio 0 … 1 */
export const isSampled = (traceId: string, ratio: number): boolean =>
  Number.parseInt(traceId.slice(0, 12), 16) < ratio * 2 ** 48;
