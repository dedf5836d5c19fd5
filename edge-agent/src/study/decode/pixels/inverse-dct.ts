/** Basis of the 8-point inverse DCT (ITU-T T.81 §A.3.3): [frequency × 8 + place]. */
const basis = Float64Array.from({ length: 64 }, (_, i) => {
  const [frequency, place] = [i >> 3, i & 7];
  return (frequency === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * place + 1) * frequency * Math.PI) / 16);
});

const half = new Float64Array(64);

/** Turns 64 coefficients, row by row, into 64 values around zero, in place. */
export function inverseDct(block: Float64Array): void {
  half.fill(0);
  for (let i = 0; i < 64; i++) {
    const coefficient = block[i] as number;
    if (coefficient === 0) continue;
    const row = i & ~7;
    const from = (i & 7) * 8;
    for (let x = 0; x < 8; x++) half[row + x] = (half[row + x] as number) + coefficient * (basis[from + x] as number);
  }
  for (let x = 0; x < 8; x++)
    for (let y = 0; y < 8; y++) {
      let sum = 0;
      for (let v = 0; v < 8; v++) sum += (half[v * 8 + x] as number) * (basis[v * 8 + y] as number);
      block[y * 8 + x] = sum;
    }
}
