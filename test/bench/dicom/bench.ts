import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { bytesIn } from '@collimator/edge-agent/study/retain/bytes-in';
import { fsyncLatency_ms } from '../fsync-latency.ts';
import { peakRss_mb } from '../process-tree.ts';
import { type Report, rounded, type Summary, thisCommit, thisMachine } from '../report.ts';
import { goalsOf, imagesLoad, studiesLoad } from './goals.ts';
import { indexTimes_ms, scannerFiles } from './index-time.ts';
import { createLoadMaker, type Load } from './load.ts';
import { measure, type Run, send } from './measure.ts';
import { folderOf, type Server, type ServerName, serverNames, startServer } from './servers.ts';

export type BenchSize = {
  /** Images of each load, and their rows and columns. */
  readonly images: number;
  readonly edge: number;
  /** Files of the load of 14 studies. */
  readonly studyFiles: number;
  /**
   * Images of a quarter of the edge that each server takes before it is measured: a node runs for years. After 1,000 V8
   * still compiles.
   */
  readonly warmUp: number;
  readonly repetitions: number;
  /** Bytes of pixels of the large object. */
  readonly largeBytes: number;
  readonly associations: readonly number[];
};

export const fullSize: BenchSize = {
  ...{ images: 500, edge: 512, studyFiles: 2_000, warmUp: 3_000, repetitions: 5, largeBytes: 400e6 },
  associations: [1, 4, 16],
};
export const quickSize: BenchSize = { ...fullSize, images: 100, studyFiles: 200, warmUp: 500, repetitions: 1 };

export type DicomReport = Report<Run> & {
  readonly size: BenchSize;
  readonly fsync_ms: Summary;
  readonly large: { readonly bytes: number; readonly rss_mb: number; readonly rss_before_mb: number };
};

const studies = 14;
const studiesAssociations = 4;
const fsyncs = 200;

export type BenchOptions = {
  /** Everything is written below this folder, which must be on a real disk; it is emptied at the end, or between repetitions where there is no room. */
  readonly dir: string;
  readonly size: BenchSize;
  readonly servers?: readonly ServerName[];
  readonly progress: (text: string) => void;
};

/** Measures all servers side by side: each load goes to one after the other before the next load comes. */
export async function runDicomBench({
  dir,
  size,
  servers = serverNames,
  progress,
}: BenchOptions): Promise<DicomReport> {
  mkdirSync(dir, { recursive: true });
  const work = join(dir, 'bench-dicom');
  rmSync(work, { recursive: true, force: true });
  try {
    progress('making the load');
    const maker = createLoadMaker(join(work, 'load'));
    const warmUp = maker.images('warm-up', size.warmUp, size.edge / 4);
    const loads = size.associations.map((associations) => ({
      associations,
      load: { ...maker.images(`images-${associations}`, size.images, size.edge), name: imagesLoad },
    }));
    const many = maker.studies(studiesLoad, studies, size.studyFiles);
    const rows = [...loads, { associations: studiesAssociations, load: many }];
    const fsync_ms = fsyncLatency_ms(work, fsyncs);
    const runs: Run[] = [];
    for (let repetition = 1; repetition <= size.repetitions; repetition += 1) {
      const name = `data-${repetition}`;
      const data = join(work, name);
      runs.push(...(await repeat(repetition, { data, servers, warmUp, rows, progress })));
      if (repetition === size.repetitions || hasRoomForAnother(freeBytes(work), await bytesIn(work, [name]))) continue;
      // ext4 looks for free inodes for a while where many were just given back, up to 1 ms for each new file.
      progress(`${repetition}: its files are deleted now, for want of room; what follows may be slower for that`);
      rmSync(data, { recursive: true, force: true });
    }
    progress('one large object');
    const large = await measureLarge(join(work, 'data'), maker.large('large', size.largeBytes));
    progress('the header index');
    const index_ms = await indexTimes_ms([...(loads[0]?.load.files.slice(0, 100) ?? []), ...scannerFiles()]);
    return {
      machine: thisMachine(),
      commit: thisCommit(),
      date: new Date().toISOString(),
      size,
      fsync_ms: { ...fsync_ms },
      large,
      goals: goalsOf(runs, { rss_400mb_mb: large.rss_mb, index_ms }),
      runs,
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** Room that is left to others on the disk, bytes. */
const LEFT_FREE = 5e9;

/** Whether what a repetition has written may stay until the end: another as large fits, and one half as large again. */
export const hasRoomForAnother = (free: number, took: number): boolean => free >= 1.5 * took + LEFT_FREE;

type Repetition = {
  readonly data: string;
  readonly servers: readonly ServerName[];
  readonly warmUp: Load;
  readonly rows: readonly { readonly associations: number; readonly load: Load }[];
  readonly progress: (text: string) => void;
};

/** All servers run beside each other, and one at a time has work; who is first changes from one repetition to the next. */
async function repeat(repetition: number, options: Repetition): Promise<Run[]> {
  const { data, servers: names, warmUp, rows, progress } = options;
  const turn = repetition % names.length;
  const inTurn = [...names.slice(turn), ...names.slice(0, turn)];
  const servers: Server[] = [];
  const runs: Run[] = [];
  try {
    for (const name of inTurn) servers.push(await startServer(name, folderOf(data, name)));
    for (const server of servers) await send(server, warmUp, studiesAssociations);
    for (const { associations, load } of rows) {
      for (const server of servers) {
        const run = await measure(server, load, associations, repetition);
        runs.push(run);
        progress(
          `${repetition}: ${server.name}, ${load.name} over ${associations}: ${run.images_per_s} images/s, ${run.cpu_ms_per_image} ms CPU`,
        );
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  return runs;
}

/** A fresh node takes one object; its peak is that of its whole life. */
async function measureLarge(data: string, load: Load): Promise<DicomReport['large']> {
  const server = await startServer('collimator', folderOf(data, 'collimator'));
  try {
    const rss_before_mb = rounded(peakRss_mb(server.pid));
    await send(server, load, 1);
    return { bytes: load.bytes, rss_mb: rounded(peakRss_mb(server.pid)), rss_before_mb };
  } finally {
    await server.stop();
  }
}
