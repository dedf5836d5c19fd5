import { describe, expect, it } from 'vitest';
import { exampleSources } from '../result/testing/example-input.ts';
import { boundSeries, SERIES_BYTES_MAX } from './series-bytes.ts';

const headers = (slices: number, rows: number, columns: number) =>
  exampleSources({
    ...{ slices, rows, columns, origin_mm: [0, 0, 0], step_mm: [0, 0, 1] },
    ...{ rowCosines: [1, 0, 0], columnCosines: [0, 1, 0], spacing_mm: { rows: 1, columns: 1 } },
  });

describe('the bound on a decoded series', () => {
  it('counts two bytes for each pixel of 16 bits, and takes what just fits', () => {
    expect(boundSeries(headers(3, 4, 5), 120)).toEqual({ ok: true, value: 120 });
    expect(boundSeries(headers(3, 4, 5), 119)).toEqual({
      ok: false,
      error: { code: 'series-too-large', detail: '3 images of 120 bytes decoded, at most 119 (SERIES_BYTES_MAX)' },
    });
  });

  it('takes the largest studies that are sent, and not a header that claims too much', () => {
    expect(boundSeries(headers(3_000, 512, 512)).ok).toBe(true);
    const claimed = headers(40, 8_192, 8_192);
    expect(boundSeries(claimed)).toMatchObject({ ok: false, error: { code: 'series-too-large' } });
    expect(40 * 8_192 * 8_192 * 2).toBeGreaterThan(SERIES_BYTES_MAX);
  });
});
