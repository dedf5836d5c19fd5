import type { Pixels } from '@collimator/shared/imaging/slice';

/** Planes one after the other to samples side by side (PS3.3 §C.7.6.3.1.3). */
export function interleaved<T extends Pixels>(planes: T, samples: number): T {
  const out = planes.slice() as T;
  const pixels = planes.length / samples;
  for (let sample = 0; sample < samples; sample++)
    for (let i = 0; i < pixels; i++) out[i * samples + sample] = planes[sample * pixels + i] as number;
  return out;
}

/** Y₁ Y₂ Cb Cr for each two pixels to Y Cb Cr for each (PS3.3 §C.7.6.3.1.2, YBR_FULL_422). */
export function upsampled422(pairs: Pixels): Uint8Array {
  const out = new Uint8Array((pairs.length / 2) * 3);
  for (let from = 0, to = 0; from < pairs.length; from += 4, to += 6) {
    const [first, second, cb, cr] = [pairs[from], pairs[from + 1], pairs[from + 2], pairs[from + 3]] as number[];
    out.set([first as number, cb as number, cr as number, second as number, cb as number, cr as number], to);
  }
  return out;
}

/**
 * YBR_FULL to RGB in place (PS3.3 §C.7.6.3.1.2, which gives the way there; ITU-R BT.601 as in JFIF), rounded and held
 * within the range of the stored bits.
 */
export function rgbOfYbr<T extends Pixels>(samples: T, bitsStored: number): T {
  const max = 2 ** bitsStored - 1;
  const middle = 2 ** (bitsStored - 1);
  const clamp = (value: number): number => Math.min(max, Math.max(0, Math.round(value)));
  for (let i = 0; i + 2 < samples.length; i += 3) {
    const y = samples[i] as number;
    const cb = (samples[i + 1] as number) - middle;
    const cr = (samples[i + 2] as number) - middle;
    samples[i] = clamp(y + 1.402 * cr);
    samples[i + 1] = clamp(y - ((0.114 * 1.772) / 0.587) * cb - ((0.299 * 1.402) / 0.587) * cr);
    samples[i + 2] = clamp(y + 1.772 * cb);
  }
  return samples;
}

/** YBR_PARTIAL to YBR_FULL in place: 16…235 and 16…240 to the whole range (retired; PS3.3-2017b §C.7.6.3.1.2). */
export function fullRange(samples: Uint8Array): Uint8Array {
  const clamp = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));
  for (let i = 0; i + 2 < samples.length; i += 3) {
    samples[i] = clamp((((samples[i] as number) - 16) * 255) / 219);
    samples[i + 1] = clamp((((samples[i + 1] as number) - 128) * 255) / 224 + 128);
    samples[i + 2] = clamp((((samples[i + 2] as number) - 128) * 255) / 224 + 128);
  }
  return samples;
}
