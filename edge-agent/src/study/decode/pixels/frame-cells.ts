import { err, ok, type Result } from '@collimator/shared/result';
import type { PixelFormat } from '../pixel-format.ts';

/** Samples of one frame as a codec gave them: little endian cells of `bitsAllocated`. */
export type FrameCells = {
  readonly bytes: Uint8Array;
  readonly layout: 'interleaved' | 'planar' | 'pairs-422';
  /** What the three samples of a colour are, where a codec knows it better than the header. */
  readonly colour: 'rgb' | 'ybr' | 'as-said';
  /** Bits of a sample as its stream says; they lie lowest in their cell. Undefined where cells are as the header says. */
  readonly precision?: number;
};

/** What a compressed stream says of its image. */
export type StreamSize = {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly precision: number;
};

/**
 * Checked before decoding: a codec takes as much memory as the stream says, and a stream of another size than its header
 * is somebody else's.
 */
export function checkStream(
  kind: string,
  said: StreamSize | undefined,
  format: PixelFormat,
): Result<StreamSize, string> {
  if (said === undefined) return err(`the ${kind} stream has no whole header`);
  const { rows, columns, components, precision } = said;
  if (rows !== format.rows || columns !== format.columns || components !== format.samplesPerPixel)
    return err(`the ${kind} stream is ${rows}×${columns} with ${components} components`);
  if (precision < 1 || precision > 16 || precision > format.bitsAllocated)
    return err(`the ${kind} stream has ${precision} bits a sample`);
  return ok(said);
}

/** Samples of one or two bytes in cells of `to` bytes, with zeros above or nothing. */
export function widened(samples: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return samples;
  const count = Math.floor(samples.length / from);
  const out = new Uint8Array(count * to);
  const kept = Math.min(from, to);
  for (let i = 0; i < count; i++)
    for (let byte = 0; byte < kept; byte++) out[i * to + byte] = samples[i * from + byte] as number;
  return out;
}
