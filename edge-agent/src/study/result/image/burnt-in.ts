/** An RGB image being drawn on: rows × columns × 3. */
export type Canvas = { readonly rgb: Uint8Array; readonly rows: number; readonly columns: number };
type Colour = readonly [red: number, green: number, blue: number];

/** A grey image as RGB. */
export function canvasOf(grey: Uint8Array, rows: number, columns: number): Canvas {
  const rgb = new Uint8Array(3 * grey.length);
  for (let i = 0; i < grey.length; i++) rgb.fill(grey[i] as number, 3 * i, 3 * i + 3);
  return { rgb, rows, columns };
}

const paint = ({ rgb, rows, columns }: Canvas, row: number, column: number, colour: Colour): void => {
  if (row >= 0 && column >= 0 && row < rows && column < columns) rgb.set(colour, 3 * (row * columns + column));
};

/** Paints the rim of a mask: the marked pixels that touch one that is not, or the edge of the image, by a side. */
export function paintRim(canvas: Canvas, mask: Uint8Array, colour: Colour): void {
  const { rows, columns } = canvas;
  const marked = (row: number, column: number): boolean =>
    row >= 0 && column >= 0 && row < rows && column < columns && mask[row * columns + column] !== 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      if (!marked(row, column)) continue;
      const inner =
        marked(row - 1, column) && marked(row + 1, column) && marked(row, column - 1) && marked(row, column + 1);
      if (!inner) paint(canvas, row, column, colour);
    }
}

/** Letters of 5 × 7, a row a number, the leftmost pixel the highest of five bits. */
const letters: Readonly<Record<string, readonly number[]>> = {
  A: [14, 17, 17, 31, 17, 17, 17],
  C: [14, 17, 16, 16, 16, 17, 14],
  E: [31, 16, 16, 30, 16, 16, 31],
  H: [17, 17, 17, 31, 17, 17, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  U: [17, 17, 17, 17, 17, 17, 14],
  Y: [17, 17, 10, 4, 4, 4, 4],
};
const [LETTER_COLUMNS, LETTER_ROWS] = [6, 7];

/** Writes a line of the letters there are, as large as fits into the upper tenth, from the upper left corner. */
export function paintText(canvas: Canvas, text: string, colour: Colour): void {
  const { rows, columns } = canvas;
  const scale = Math.max(
    1,
    Math.min(Math.floor(columns / (LETTER_COLUMNS * text.length)), Math.floor(rows / 10 / LETTER_ROWS)),
  );
  for (const [i, letter] of Array.from(text).entries())
    for (const [y, bits] of (letters[letter] ?? []).entries())
      for (let x = 0; x < 5; x++) {
        if (((bits >> (4 - x)) & 1) === 0) continue;
        for (let cell = 0; cell < scale * scale; cell++)
          paint(
            canvas,
            (1 + y) * scale + Math.floor(cell / scale),
            (1 + i * LETTER_COLUMNS + x) * scale + (cell % scale),
            colour,
          );
      }
}
