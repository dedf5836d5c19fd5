import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { expect, vi } from 'vitest';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';
import { type Program, type Received, received, startPacs } from './programs.ts';
import { writeRelease } from './release-folder.ts';

/** A study's way in this process between a sender and a PACS of its own, with one release at hand. */
export interface StudyWorld {
  readonly folder: string;
  readonly release: ActiveRelease;
  readonly pacs: Program;
  readonly pacsFolder: string;
  /** Every event that was logged. */
  readonly events: { name: string; fields: Record<string, unknown> | undefined }[];
  agentWith(options?: Partial<AgentOptions>): Promise<Agent>;
  /** How often an event was logged. */
  counted(name: string): number;
  /** What the PACS has received, once it is that many. */
  arrived(count: number): Promise<Received[]>;
  /** The PACS again, on the same port, after it was stopped. */
  restartPacs(): Promise<void>;
  /** Something to end with the world, in the opposite order. */
  endWith(end: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export async function createStudyWorld(): Promise<StudyWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'study-way-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })];
  const release = await writeRelease(join(folder, 'release'), '1.0.0');
  const pacsFolder = join(folder, 'pacs');
  let pacs = await startPacs(pacsFolder);
  ends.push(() => pacs.stop());
  const events: StudyWorld['events'] = [];
  return {
    folder,
    release,
    get pacs() {
      return pacs;
    },
    pacsFolder,
    events,
    async agentWith(options = {}) {
      const agent = await startAgent({
        dataDir: join(folder, 'data'),
        destinations: [{ name: 'pacs', port: pacs.port }],
        releases: [release],
        log: { event: (name, fields) => void events.push({ name, fields }) },
        ...options,
      });
      ends.push(() => agent.close());
      return agent;
    },
    counted: (name) => events.filter((event) => event.name === name).length,
    arrived: (count) =>
      vi.waitFor(async () => {
        const lines = await received(pacsFolder);
        expect(lines.length).toBeGreaterThanOrEqual(count);
        return lines;
      }),
    async restartPacs() {
      pacs = await startPacs(pacsFolder, pacs.port);
    },
    endWith: (end) => void ends.push(end),
    async close() {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
}

/** Nothing is left to do: no study is open, no job and no delivery is waiting, and everything that ended is counted. */
export async function settled(agent: Agent): Promise<void> {
  await vi.waitFor(() => {
    const { jobs, deliveries } = agent.way.counts();
    expect([jobs.queued, jobs.running, deliveries.pending]).toEqual([0, 0, 0]);
    expect(agent.way.studies(100).filter(({ state }) => state === 'receiving')).toEqual([]);
  });
  await agent.noted();
}

export const classes = (lines: readonly Received[]): string[] => lines.map((line) => line.sopClassUid).toSorted();
export const segmentationAndReport = [sopClasses.segmentation, sopClasses.comprehensiveSr].toSorted();
