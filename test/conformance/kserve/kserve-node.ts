/** The KServe v2 routes as the appliance has them, in this process, around an engine of the test's. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KserveDeps, KserveEvent, KserveProgram } from '@collimator/edge-agent/local-api/kserve/deps';
import { kserveHealthRoutes } from '@collimator/edge-agent/local-api/kserve/health-routes';
import { kserveRoutes } from '@collimator/edge-agent/local-api/kserve/kserve-routes';
import { isReady, stageModels } from '@collimator/edge-agent/local-api/kserve/models';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import { everySystem, systemAfter } from '@collimator/edge-agent/timers';
import Fastify from 'fastify';
import { createModelEngine, type ModelEngine } from '../../fakes/model-engine.ts';
import { writeRelease } from '../../integration/study-way/release-folder.ts';

export const TOKEN = 'a-token-that-is-long-enough';
export const bearer = { authorization: `Bearer ${TOKEN}` };

export const kserveLimits: KserveDeps['limits'] = {
  idle_ms: 60_000,
  bytesPerSecondMin: 0,
  progressWindow_ms: 30_000,
  requestBytesMax: 1_000_000,
  jsonBytesMax: 500_000,
  requestsMax: 16,
  bytesMax: 4_000_000,
  answer_ms: 30_000,
};

export const viewer: KserveProgram = {
  ...{ name: 'viewer', address: '127.0.0.1', token: () => ({ ok: true, value: TOKEN }) },
  ...{ requestsMax: 8, priorities: ['routine', 'urgent'] },
};

export type KserveNode = {
  readonly port: number;
  readonly url: string;
  readonly engine: ModelEngine;
  readonly events: KserveEvent[];
  close(): Promise<void>;
};

/** A release with one stage, and one of two; `later` are versions of the first that come after it. */
export async function writeReleases(folder: string, later: readonly string[] = []): Promise<readonly ActiveRelease[]> {
  const versions = await Promise.all(later.map((version) => writeRelease(join(folder, version), version)));
  const one = await writeRelease(join(folder, 'one'), '1.0.0');
  const [stage] = one.release.stages;
  if (stage === undefined) throw new Error('the release has no stage');
  const stages = [{ ...stage, name: 'find' }, stage];
  const two = { ...one.release, name: 'two-stages', stages };
  return [
    one,
    { ...one, ref: { name: 'two-stages', version: '1.0.0', sha256: 'f'.repeat(64) }, release: two },
    ...versions,
  ];
}

export async function startKserveNode(
  options: Partial<Omit<KserveDeps, 'limits' | 'engine'>> & {
    readonly limits?: Partial<KserveDeps['limits']>;
    readonly waitingMax?: number;
    /** Later versions of `bright-region` that the engine may list. */
    readonly later?: readonly string[];
  } = {},
): Promise<KserveNode> {
  const folder = mkdtempSync(join(tmpdir(), 'kserve-'));
  const { limits, waitingMax, later, ...more } = options;
  const engine = await createModelEngine(await writeReleases(folder, later), waitingMax);
  const events: KserveEvent[] = [];
  const kserve: KserveDeps = {
    engine,
    programs: [viewer],
    onEvent: (event) => events.push(event),
    now_ms: () => performance.now(),
    every: everySystem,
    after: systemAfter,
    limits: { ...kserveLimits, ...limits },
    ...more,
  };
  const app = Fastify({ forceCloseConnections: true });
  await app.register(kserveHealthRoutes, {
    health: {
      ready: () => engine.models().every(({ ready }) => ready),
      modelReady: (name, version) => isReady(stageModels(engine.models()), name, version),
    },
  });
  await app.register(kserveRoutes, { prefix: '/v2', kserve, ownHost: '127.0.0.1', agentVersion: '1.2.3' });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    ...{ port, engine, events },
    url: `http://127.0.0.1:${port}/v2`,
    async close() {
      await app.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What `bright-region` gives: the mean of 3×3, zeros around, and a bias (test/integration/study-way/models/make.py). */
export function expectedLogits(pixels: ArrayLike<number>): number[] {
  return Array.from({ length: pixels.length }, (_, i) => {
    const [item, row, column] = [Math.floor(i / 256), Math.floor(i / 16) % 16, i % 16];
    let sum = 0;
    for (const r of [row - 1, row, row + 1])
      for (const c of [column - 1, column, column + 1])
        if (r >= 0 && r < 16 && c >= 0 && c < 16) sum += pixels[item * 256 + r * 16 + c] ?? 0;
    return sum / 9 - 0.01;
  });
}
