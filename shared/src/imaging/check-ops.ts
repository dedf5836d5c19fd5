import type { PreprocessingOp } from '../contracts/release.ts';
import { CodedError } from '../errors/coded-error.ts';

export const opsProblem = (what: string): CodedError => new CodedError('imaging-ops-invalid', what);

const toChannels: readonly PreprocessingOp['op'][] = ['window-channels', 'repeat-channels', 'normalize'];
const ofVolumes: readonly PreprocessingOp['op'][] = ['orient', 'resample'];

/**
 * What of a list cannot be applied, whatever the image.
 *
 * @param unit what the ops are applied to, one at a time
 */
export function preprocessingProblems(ops: readonly PreprocessingOp[], unit: 'slice' | 'volume'): readonly string[] {
  const problems: string[] = [];
  let clipped = false;
  let channels = false;
  for (const [i, op] of ops.entries()) {
    const at = (what: string): void => void problems.push(`preprocessing[${i}]${what}`);
    if (op.op === 'modality-lut' && i > 0) at(': modality-lut must come first');
    if ((op.op === 'clip-percentiles' || op.op === 'clip') && op.low >= op.high) at(': low must be below high');
    if (op.op === 'scale' && op.from === 'clip' && !clipped)
      at(': scale from "clip" needs a clip or clip-percentiles before it');
    if (op.op === 'scale' && op.from !== 'clip' && op.from[0] >= op.from[1])
      at('.from: the first must be below the second');
    if (op.op === 'clip-percentiles' || op.op === 'clip' || op.op === 'window') clipped = true;
    if (ofVolumes.includes(op.op) && unit === 'slice') at(`: ${op.op} is for volumes`);
    if ('scope' in op && op.scope === 'slice' && unit === 'volume') at('.scope: must be "series" for a volume');
    if ('size' in op && op.size.length !== (unit === 'slice' ? 2 : 3))
      at(`.size: must have ${unit === 'slice' ? 2 : 3} numbers for a ${unit}`);
    if (channels && !toChannels.includes(op.op)) at(`: ${op.op} must come before there are several channels`);
    if (channels && (op.op === 'window-channels' || op.op === 'repeat-channels')) at(': there are channels already');
    if (op.op === 'normalize' && op.mean.length !== op.std.length) at(': as many means as standard deviations');
    if (op.op === 'window-channels' || op.op === 'repeat-channels') channels = true;
  }
  return problems;
}

/** @throws CodedError `imaging-ops-invalid` */
export function requireOps(ops: readonly PreprocessingOp[], unit: 'slice' | 'volume'): void {
  const [first] = preprocessingProblems(ops, unit);
  if (first !== undefined) throw opsProblem(first);
}
