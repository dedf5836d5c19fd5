import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { openResult } from '@collimator/edge-agent/study/deliver/result-file';
import { INSTANCE_CREATOR_UID, sopClasses } from '@collimator/shared/dicom/uids';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { block, mrSeries, send, spacing_mm } from './mr-series.ts';
import { received, startPacs } from './programs.ts';
import { createStudyWorld, classes, segmentationAndReport, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

describe('the results of a study', () => {
  it('gives one segmentation and one report, with the volume that was in the images', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 10 }));
    const lines = await world.arrived(2);
    await settled(agent);
    expect(classes(lines)).toEqual(segmentationAndReport);
    expect(agent.way.counts()).toEqual({
      instances: { received: 10, rejected: 0, quarantined: 0 },
      jobs: { queued: 0, running: 0, inferred: 1, failed: 0 },
      deliveries: { pending: 0, delivered: 2, failed: 0 },
    });
    const [line] = agent.way.studies(10);
    expect(line).toMatchObject({
      state: 'inferred',
      images: 10,
      revision: 1,
      release: 'bright-region',
      deliveries_sent: 2,
    });
    const { last_image_to_result } = agent.way.latencies();
    expect(last_image_to_result.count).toBe(1);
    expect(last_image_to_result.max).toBeGreaterThanOrEqual(1_000);

    const truth_mL =
      (10 *
        (block.rows[1] - block.rows[0]) *
        (block.columns[1] - block.columns[0]) *
        spacing_mm.slices *
        spacing_mm.rows *
        spacing_mm.columns) /
      1000;
    const fileOf = (sopClassUid: string): string =>
      join(world.pacsFolder, lines.find((one) => one.sopClassUid === sopClassUid)?.file ?? '');
    const volume_mL = await volumeOf(fileOf(sopClasses.comprehensiveSr));
    const voxel_mL = (spacing_mm.slices * spacing_mm.rows * spacing_mm.columns) / 1000;
    expect(volume_mL).toBeCloseTo((await maskVoxelsOf(fileOf(sopClasses.segmentation))) * voxel_mL, 6);
    expect(Math.abs(volume_mL - truth_mL) / truth_mL).toBeLessThan(0.15);
  });

  it('never processes a result of its own that comes back', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const lines = await world.arrived(2);
    await settled(agent);
    for (const line of lines) {
      const file = join(world.pacsFolder, line.file);
      const opened = await openResult(file, sha256Of(await readFile(file)));
      if (!opened.ok) throw new Error(opened.error);
      const dataSet = Buffer.concat(await chunksOf(opened.value.dataSet()));
      await opened.value.close();
      await send(agent.port, [{ ...line, dataSet }]);
    }
    await vi.waitFor(() => expect(world.counted('own-object-returned')).toBe(2));
    await settled(agent);
    expect(world.counted('study-complete')).toBe(1);
    expect(agent.way.studies(10)).toHaveLength(1);
  });

  it('makes and delivers the report alone where the route wants no segmentation', async () => {
    const agent = await world.agentWith({ objects: ['SR'] });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const [line] = await world.arrived(1);
    await settled(agent);
    expect(classes(await received(world.pacsFolder))).toEqual([sopClasses.comprehensiveSr]);
    const file = join(world.pacsFolder, line?.file ?? '');
    const report = (await readFile(file)).toString('latin1');
    expect(report).not.toContain(sopClasses.segmentation);
    expect(report).not.toContain('Referenced Segment');
    expect(report.split('Source of Measurement')).toHaveLength(1 + 6);
    expect(await volumeOf(file)).toBeGreaterThan(0);
  });

  it('makes and delivers the segmentation alone where the route wants no report', async () => {
    const agent = await world.agentWith({ objects: ['SEG'] });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(1);
    await settled(agent);
    expect(classes(await received(world.pacsFolder))).toEqual([sopClasses.segmentation]);
    expect(agent.way.counts().jobs).toMatchObject({ inferred: 1, failed: 0 });
  });

  it('delivers to a destination that was away, and does not let it delay another', async () => {
    await world.pacs.stop();
    const otherFolder = join(world.folder, 'other');
    const other = await startPacs(otherFolder);
    world.endWith(() => other.stop());
    const agent = await world.agentWith({
      destinations: [
        { name: 'pacs', port: world.pacs.port },
        { name: 'other', port: other.port },
      ],
    });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(async () => expect(await received(otherFolder)).toHaveLength(2));
    await vi.waitFor(() => expect(world.counted('destination-away')).toBeGreaterThan(1));
    await vi.waitFor(() => expect(agent.way.counts().deliveries).toEqual({ pending: 2, delivered: 2, failed: 0 }));
    await world.restartPacs();
    const lines = await world.arrived(2);
    await settled(agent);
    expect(lines.map(({ sha256 }) => sha256).toSorted()).toEqual(
      (await received(otherFolder)).map(({ sha256 }) => sha256).toSorted(),
    );
  });

  it('never sends a result whose bytes have changed', async () => {
    await world.pacs.stop();
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(() => expect(world.counted('job-inferred')).toBe(1));
    await writeFile(join(world.folder, 'data/results/1/1/seg.dcm'), 'something else');
    await world.restartPacs();
    await vi.waitFor(() => expect(agent.way.counts().deliveries).toEqual({ pending: 0, delivered: 1, failed: 1 }));
    expect(classes(await received(world.pacsFolder))).toEqual([sopClasses.comprehensiveSr]);
  });
});

/** The volume in a report, as dcmtk reads it. */
async function volumeOf(file: string): Promise<number> {
  const { stdout } = await promisify(execFile)('dsrdump', [file]);
  return Number(/NUM:\(.*?Volume.*?\)="([\d.]+)" \(ml,UCUM/i.exec(stdout)?.[1] ?? Number.NaN);
}

/** Set bits of the last element of a segmentation, its Pixel Data (7FE0,0010) with VR OB. */
async function maskVoxelsOf(file: string): Promise<number> {
  const bytes = await readFile(file);
  const at = bytes.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0x00, 0x00]));
  expect(bytes.length - at - 12).toBe(bytes.readUInt32LE(at + 8));
  let count = 0;
  for (const byte of bytes.subarray(at + 12)) for (let bit = 0; bit < 8; bit++) count += (byte >> bit) & 1;
  return count;
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function chunksOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

describe('results that a PACS sends back', () => {
  it('are known also when it gave them new UIDs and another creator', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 3 }));
    const lines = await world.arrived(2);
    await settled(agent);
    for (const line of lines) {
      const file = (await readFile(join(world.pacsFolder, line.file))).toString('latin1');
      const digit = line.sopInstanceUid.endsWith('1') ? '2' : '1';
      const sopInstanceUid = `${line.sopInstanceUid.slice(0, -1)}${digit}`;
      const creator = `${INSTANCE_CREATOR_UID.slice(0, -1)}0`;
      const dataSet = file
        .slice(file.indexOf('\x08\x00\x05\x00CS'))
        .replaceAll(line.sopInstanceUid, sopInstanceUid)
        .replaceAll(INSTANCE_CREATOR_UID, creator);
      await send(agent.port, [
        {
          sopClassUid: line.sopClassUid,
          sopInstanceUid,
          transferSyntaxUid: line.transferSyntaxUid,
          dataSet: Buffer.from(dataSet, 'latin1'),
        },
      ]);
    }
    await vi.waitFor(() => expect(world.counted('own-object-returned')).toBe(2));
    await settled(agent);
    expect(world.counted('study-complete')).toBe(1);
    expect(await received(world.pacsFolder)).toHaveLength(2);
  });
});
