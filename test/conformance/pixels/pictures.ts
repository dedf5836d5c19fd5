import type { MadeFormat } from './encapsulated.ts';

/** A picture with edges, ramps and a little noise, the same each time. */
export type Picture = { readonly format: MadeFormat; readonly pixels: Uint8Array };

/**
 * @param max greatest value; the least is 0, or -max - 1 of signed pixels
 */
export function picture(format: MadeFormat, max: number): Picture {
  const { rows, columns, samples = 1, allocated, frames = 1, signed = 0 } = format;
  const size = allocated / 8;
  const count = rows * columns * samples * frames;
  const pixels = Buffer.alloc(count * size + ((count * size) % 2));
  let noise = 1;
  for (let i = 0; i < count; i++) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) & 0x7fffffff;
    const pixel = Math.floor(i / samples);
    const [x, y] = [pixel % columns, Math.floor(pixel / columns)];
    const square = x > columns / 3 && x < columns / 2 && y % rows > rows / 4 ? 0.4 : 0;
    const share = Math.min(1, (x / columns) * 0.5 + square + ((i % samples) * 0.1 + (noise >> 16) / 2 ** 15 / 20));
    const value = Math.round(share * max);
    if (signed === 1) pixels.writeIntLE(value * (share > 0.3 ? 1 : -1), i * size, size);
    else pixels.writeUIntLE(value, i * size, size);
  }
  return { format, pixels };
}

const odd = { rows: 73, columns: 101 };

export const pictures = {
  'grey of 8 bits': picture({ ...odd, allocated: 8 }, 255),
  'grey of 12 bits': picture({ ...odd, allocated: 16, stored: 12 }, 4095),
  'signed grey of 12 bits': picture({ ...odd, allocated: 16, stored: 12, signed: 1 }, 2047),
  'grey of 16 bits': picture({ ...odd, allocated: 16 }, 65_535),
  'signed grey of 16 bits': picture({ ...odd, allocated: 16, signed: 1 }, 32_767),
  RGB: picture({ ...odd, samples: 3, photometric: 'RGB', allocated: 8 }, 255),
} satisfies Record<string, Picture>;
