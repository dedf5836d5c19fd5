import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { validator } from '@collimator/shared/contracts/validate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collimator } from '../demo/checkout.ts';
import { readMask, testBlockVolumes } from './test-block.ts';
import { DemoReport } from '../demo/report.ts';
import { isReport, isSegmentation, readResult, reportedVolumeMl, segmentedVolumeMl } from '../demo/result-objects.ts';
import { dciodvfy, dicomSrValidator, dsrdump } from './validators.ts';

// The main job from the command line, as a user runs it, and what other people's tools say of its results.

const run = promisify(execFile);
/** Guards against a hang; how long the loop takes is in its report, and asserted by nobody. */
const loopMsMax = 600_000;
const report = validator(DemoReport);

let dir: string;
let result: DemoReport;
let output: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'demo-'));
  const args = ['demo', '--once', '--data', join(dir, 'data'), '--report', join(dir, 'r.json')];
  const ended = await run(process.execPath, [collimator, ...args], { timeout: loopMsMax });
  output = ended.stdout + ended.stderr;
  result = report.parse(JSON.parse(readFileSync(join(dir, 'r.json'), 'utf8')), 'r.json');
}, loopMsMax + 10_000);

afterAll(() => rmSync(dir, { recursive: true }));

describe('collimator demo --once', () => {
  test('closes the loop and reports it, every stage with its time', () => {
    expect(result).toMatchObject({ ok: true, model: { name: 'brain-mask-t1', version: '1.0.0' } });
    expect(result.stages.map((stage) => stage.name)).toEqual([
      'hub',
      'provision',
      'train',
      'sign',
      'rollout',
      'study',
      'infer',
      'telemetry',
    ]);
    expect(result.devices).toEqual(
      ['RAD-0001', 'RAD-0002'].map((id) => ({ id, active_release: 'brain-mask-t1@1.0.0' })),
    );
    expect(output).toContain('The loop has closed');
  });

  test('trains a model that finds the brain on slices it has not seen, and exports it without loss', () => {
    expect(result.model?.dice).toBeGreaterThanOrEqual(0.93);
    expect(result.model?.parity_max_abs_diff).toBeLessThanOrEqual(1e-5);
    // The goal for this (45) depends on the machine, so its figures are in test/bench/RESULTS.md.
    expect(result.train_cpu_s).toBeGreaterThan(0);
    expect(result.backend).toMatch(/wasm|tensorflow/);
  });

  test('sends one SEG and one SR that say the same volume', () => {
    const objects = result.results.map(({ path }) => readResult(path));
    expect(objects.filter(isSegmentation)).toHaveLength(1);
    expect(objects.filter(isReport)).toHaveLength(1);
    const volumes = objects.map((o) => (isReport(o) ? reportedVolumeMl(o.dataSet) : segmentedVolumeMl(o.dataSet)));
    expect(volumes[0]).toBeCloseTo(volumes[1] ?? 0, 3);
    expect(result.brain_volume_ml).toBeCloseTo(volumes[0] ?? 0, 3);
  });

  test('shares the slices between two devices of unequal speed, each slice once', () => {
    expect(result.balance.map(({ device }) => device)).toEqual(['cpu-fast', 'cpu-slow']);
    const slices = result.balance.reduce((sum, device) => sum + device.slices, 0);
    expect(slices).toBe(result.study?.images);
  });

  test('finds the volume of the brain on the test block within 10 %', async () => {
    const segmentation = result.results.map(({ path }) => readResult(path)).find(isSegmentation);
    const { found_ml, truth_ml } = await testBlockVolumes(readMask(segmentation?.path ?? ''));
    expect(Math.abs(found_ml - truth_ml) / truth_ml).toBeLessThanOrEqual(0.1);
  });

  test('makes objects that dciodvfy, dsrdump and DicomSRValidator have nothing to say against', async () => {
    for (const { path } of result.results) {
      const verdict = await dciodvfy(path);
      expect(verdict.code, verdict.text).toBe(0);
      expect(verdict.text).not.toMatch(/^Error/m);
    }
    const sr = result.results.map(({ path }) => readResult(path)).find(isReport);
    const dump = await dsrdump(sr?.path ?? '');
    expect(dump.code).toBe(0);
    expect(dump.text).toContain('Imaging Measurement Report');
    expect(dump.text).toContain(result.model?.sha256 ?? 'no digest');
    const verdict = await dicomSrValidator(sr?.path ?? '');
    expect(verdict.text).toMatch(/TID ?1500|TID_1500/);
    expect(verdict.text).not.toMatch(/^Error/m);
  });

  test('leaves no patient and no UID of the study in any log', () => {
    const study = readResult(result.results[0]?.path ?? '').dataSet.string('x0020000d') ?? '';
    const logs = ['hub', 'RAD-0001', 'RAD-0002'].map((name) =>
      readFileSync(join(dir, 'data', 'logs', `${name}.log`), 'utf8'),
    );
    expect(study.length).toBeGreaterThan(10);
    for (const log of logs) expect(log).not.toContain(study);
  });
});

test('a folder that is not empty is refused, with the remedy', async () => {
  const refused = await run(process.execPath, [collimator, 'demo', '--once', '--data', dir]).catch(
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--data') });
});
