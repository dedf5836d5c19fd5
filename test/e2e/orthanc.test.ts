import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { agentStatus, type StudySummary, studyList } from '@collimator/shared/contracts/local-api';
import { validator } from '@collimator/shared/contracts/validate';
import dicomParser from 'dicom-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkout, collimator } from '../demo/checkout.ts';
import { type Program, startProgram } from '../demo/programs.ts';
import { DemoReport } from '../demo/report.ts';
import {
  isReport,
  isSegmentation,
  readResult,
  reportedVolumeMl,
  type ResultObject,
  segmentedVolumeMl,
} from '../demo/result-objects.ts';
import { waitFor } from '../demo/wait.ts';
import { writeMrSeries } from '../fixtures/mr-series/make-series.ts';
import { freePorts } from '../free-ports.ts';
import { type Orthanc, startOrthanc } from './orthanc.ts';
import { dciodvfy } from './validators.ts';

// The loop with a PACS that somebody else wrote: what it holds afterwards, and what happens when it sends that back.

const run = promisify(execFile);
const loopMsMax = 600_000;
const answerMsMax = 120_000;

let dir: string;
let orthanc: Orthanc;
let agent: Program | undefined;
let report: DemoReport;
/** Orthanc's name of each result, by its SOP Instance UID. */
let inPacs: ReadonlyMap<string, string>;
let fetched: ResultObject[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'orthanc-'));
  const [dicomPort = 0, httpPort = 0] = await freePorts(2);
  orthanc = await startOrthanc({
    ...{ folder: join(dir, 'orthanc'), aeTitle: 'ORTHANC', dicomPort, httpPort },
    // The demo takes free ports of its own; where to send back is told to Orthanc afterwards.
    appliance: { aeTitle: 'COLLIMATOR', port: 104 },
  });
  const args = ['demo', '--once', '--pacs', `ORTHANC@127.0.0.1:${dicomPort}`];
  await run(process.execPath, [collimator, ...args, '--data', join(dir, 'data'), '--report', join(dir, 'r.json')], {
    timeout: loopMsMax,
  });
  report = validator(DemoReport).parse(JSON.parse(readFileSync(join(dir, 'r.json'), 'utf8')), 'r.json');
  const names = (await orthanc.rest('GET', '/instances')) as string[];
  const held: [string, string][] = [];
  fetched = [];
  for (const name of names) {
    const path = join(dir, `${name}.dcm`);
    writeFileSync(path, await orthanc.file(name));
    const object = readResult(path);
    held.push([object.sop_instance_uid, name]);
    fetched.push(object);
  }
  inPacs = new Map(held);
}, loopMsMax + answerMsMax);

afterAll(async () => {
  await agent?.stop();
  await orthanc?.stop();
  rmSync(dir, { recursive: true });
});

/** A Part 10 file without preamble and meta header, which a receiver writes anew (PS3.10 §7.1). */
function dataSetOf(path: string): Buffer {
  const bytes = readFileSync(path);
  const header = dicomParser.parseDicom(bytes, { untilTag: 'x00020000' });
  return bytes.subarray(132 + 12 + (header.uint32('x00020000') ?? 0));
}

describe('results in an Orthanc', () => {
  test('are one SEG and one SR, with the very bytes that the appliance keeps', () => {
    expect(report.ok).toBe(true);
    expect(fetched.filter(isSegmentation)).toHaveLength(1);
    expect(fetched.filter(isReport)).toHaveLength(1);
    expect(fetched).toHaveLength(2);
    for (const kept of report.results) {
      const back = fetched.find((object) => object.sop_instance_uid === kept.sop_instance_uid);
      expect(back, kept.sop_class_uid).toBeDefined();
      expect(dataSetOf(back?.path ?? '').equals(dataSetOf(kept.path))).toBe(true);
    }
  });

  test('have nothing that dciodvfy objects to, and agree on the volume', async () => {
    for (const { path } of fetched) {
      const verdict = await dciodvfy(path);
      expect(verdict.code, verdict.text).toBe(0);
      expect(verdict.text).not.toMatch(/^Error/m);
    }
    const reported = fetched.filter(isReport).map(({ dataSet }) => reportedVolumeMl(dataSet));
    const segmented = fetched.filter(isSegmentation).map(({ dataSet }) => segmentedVolumeMl(dataSet));
    expect(segmented[0]).toBeGreaterThan(100);
    expect(reported[0]).toBeCloseTo(segmented[0] ?? 0, 3);
  });

  test('are not processed when the PACS sends them back', async () => {
    const appliance = await startAppliance();
    const before = await appliance.studies();
    const received = await appliance.received();
    await orthanc.rest('POST', '/modalities/appliance/store', [...inPacs.values()]);
    await until(async () => (await appliance.received()) === received + inPacs.size);
    // A later study of the same PACS is done: whatever the results had set off would have been done before it.
    await sendAnotherStudy();
    const isDone = (study: StudySummary) => study.jobs.some((job) => job.state === 'inferred');
    await until(async () => {
      const known = new Set(before.map((study) => study.key));
      return (await appliance.studies()).some((study) => !known.has(study.key) && isDone(study));
    });
    const after = await appliance.studies();
    const jobsOf = (studies: readonly StudySummary[]) => studies.flatMap((study) => study.jobs).length;
    expect(after).toHaveLength(before.length + 1);
    expect(jobsOf(after)).toBe(jobsOf(before) + 1);
    expect(after.find((study) => study.key === before[0]?.key)).toEqual(before[0]);
  }, 120_000);
});

/** The demo's first appliance once more, without its hub, known to Orthanc as a modality. */
async function startAppliance() {
  const config = join(dir, 'data', 'RAD-0001.yaml');
  const { dicom, local_api } = parse(readFileSync(config, 'utf8')) as {
    readonly dicom: { readonly listen: readonly [{ readonly port: number }] };
    readonly local_api: { readonly port: number };
  };
  agent = startProgram({ name: 'agent-again', args: [collimator, 'agent', 'start', '--config', config] }, dir);
  const ask = async (path: string): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${local_api.port}${path}`)).json();
  const status = async () => agentStatus.parse(await ask('/v1/status'), 'status');
  await until(async () => (await status()).readiness.ready);
  await orthanc.rest('PUT', '/modalities/appliance', {
    AET: 'COLLIMATOR',
    Host: '127.0.0.1',
    Port: dicom.listen[0].port,
  });
  return {
    studies: async () => studyList.parse(await ask('/v1/studies?limit=100'), 'studies').studies,
    received: async () => (await status()).instances.received,
  };
}

async function sendAnotherStudy(): Promise<void> {
  const before = new Set((await orthanc.rest('GET', '/studies')) as string[]);
  const { explicit } = await writeMrSeries({
    volume: join(checkout, 'test', 'fixtures', 'brain-t1', 't1.nii.gz'),
    out: join(dir, 'another'),
    syntaxes: ['explicit'],
    seed: 'another study',
    block: { first: 60, count: 24 },
  });
  await orthanc.upload(explicit);
  const added = ((await orthanc.rest('GET', '/studies')) as string[]).filter((study) => !before.has(study));
  expect(added).toHaveLength(1);
  await orthanc.rest('POST', '/modalities/appliance/store', added);
}

const until = (reached: () => Promise<boolean>): Promise<true> =>
  waitFor(async () => (await reached()) || undefined, {
    what: 'the appliance',
    timeoutMs: answerMsMax,
    check: () => agent?.check(),
  });
