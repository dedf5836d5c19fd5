import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-ports.ts';
import { type Appliance, createAppliance, senderTitle } from '../../integration/agent/appliance.ts';
import { createTestAuthority } from '../../integration/agent/certificates.ts';
import { filesBelow, type Part10, readPart10 } from '../dimse/peers.ts';

/** One object that the agent has on its disk. */
export type Kept = Omit<Part10, 'dataSet'> & {
  /** `studies`: in its place; `quarantine`: set aside. */
  readonly place: 'studies' | 'quarantine';
  readonly sha256: string;
};

/** The agent as a user starts it, and what it keeps. */
export interface AgentWorld {
  readonly folder: string;
  readonly agent: Appliance;
  kept(): Promise<Kept[]>;
  close(): Promise<void>;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const partOf = ({ dataSet, ...rest }: Part10): Omit<Kept, 'place'> => ({ ...rest, sha256: sha256(dataSet) });

/** What a folder of Part 10 files holds: their meta, and digests of their data sets. */
export const partsBelow = async (folder: string): Promise<Omit<Kept, 'place'>[]> => {
  const parts: Omit<Kept, 'place'>[] = [];
  for (const file of await filesBelow(folder)) if (!file.endsWith('.json')) parts.push(partOf(await readPart10(file)));
  return parts;
};

/** A sender of this machine, as `dicom.sources` has it. */
export const source = (ae_title: string, more: object = {}): object => ({
  ...{ ae_title, address: '127.0.0.1', called: ['COLLIMATOR'] },
  ...more,
});

export async function startAgentWorld(
  settings: (folder: string) => { readonly dicom?: object; readonly destinations?: readonly object[] } = () => ({}),
): Promise<AgentWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'));
  const agent = await createAppliance({
    folder,
    authority: createTestAuthority(folder),
    brokerUrl: `mqtts://127.0.0.1:${await freePort()}`,
    dicom: { sources: [source(senderTitle)] },
    ...settings(folder),
  });
  await agent.start();
  const below = async (place: Kept['place']): Promise<Kept[]> =>
    (await partsBelow(join(agent.dataDir, place))).map((part) => ({ ...part, place }));
  return {
    folder,
    agent,
    kept: async () => [...(await below('studies')), ...(await below('quarantine'))],
    async close() {
      await agent.stop('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  };
}
