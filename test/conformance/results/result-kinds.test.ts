import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeResults } from './example-results.ts';
import { makeTestSeries, type TestSeries } from './series.ts';
import { dciodvfy, runTool, srValidator } from './tools.ts';

describe('every kind of result before its validators', () => {
  let series: TestSeries;
  let results: Awaited<ReturnType<typeof writeResults>>;
  beforeAll(async () => {
    series = await makeTestSeries();
    results = await writeResults(series);
  });
  afterAll(() => series.remove());

  it.each(['seg', 'probability', 'occupancy', 'sr', 'sr-3d', 'sc', 'gsps', 'pm'] as const)(
    'dciodvfy finds no error (%s)',
    async (name) => {
      expect(await dciodvfy(results.paths[name])).toMatchObject({ exit: 0, errors: [] });
    },
  );

  it.each(['whole', 'planar', 'planar-3d'] as const)('PixelMed finds TID 1500 and no error (%s)', async (name) => {
    const { exit, output } = await srValidator(results.paths[name]);
    expect(exit).toBe(0);
    expect(output).toContain('Found Root Template TID_1500');
    expect(output).toContain('Root Template Validation Complete');
    expect(output).not.toMatch(/error|warning/i);
  });

  it('dcmpschk finds nothing wrong with the presentation state', async () => {
    const { exit, output } = await runTool('dcmpschk', ['-v', results.paths.gsps]);
    expect(exit).toBe(0);
    expect(output).toMatch(/Test passed/);
    expect(output).not.toMatch(/^E:/m);
  });

  it.each(['sr', 'sr-3d'] as const)('dsrdump prints it (%s)', async (name) => {
    const { exit, output } = await runTool('dsrdump', [results.paths[name]]);
    expect(exit).toBe(0);
    expect(output).not.toMatch(/^[EW]:/m);
  });
});
