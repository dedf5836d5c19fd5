import type { WantedOutput } from './remote-model.ts';

/** Of an output whose size the release does not declare. */
const UNDECLARED_VALUES_MAX = 16_777_216;
/** Names, shapes and parameters around the values. */
const HEAD_BYTES_MAX = 65_536;
/** A double has 24 characters at most; TensorFlow Serving indents each number by its depth. */
export const JSON_BYTES_A_VALUE_MAX = 64;

/** Longest answer that holds these outputs. */
export function answerBytesMax(wanted: readonly WantedOutput[], bytesAValue: number): number {
  const values = wanted.reduce((sum, { dims }) => {
    const declared = dims.every((size) => size !== undefined);
    return sum + (declared ? dims.reduce((product, size) => product * size, 1) : UNDECLARED_VALUES_MAX);
  }, 0);
  return HEAD_BYTES_MAX + values * bytesAValue;
}
