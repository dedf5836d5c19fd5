import { readFile } from 'node:fs/promises';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemAfter } from '@collimator/edge-agent/timers';
import type { ModelSession } from '@collimator/edge-agent/study/infer/worker/model-session';
import { openRemoteRelease, type RemoteRelease } from '@collimator/edge-agent/study/infer/worker/remote/remote-release';
import { agentConfig, type RemoteServer } from '@collimator/shared/contracts/agent-config';
import type { Release } from '@collimator/shared/contracts/release';
import { decodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import type { Behaviour } from '../../fakes/model-server/behaviour.ts';
import { createTestAuthority, type TestAuthority } from '../agent/certificates.ts';
import { writeRelease } from '../study-way/release-folder.ts';
import { type Program, startProgram } from '../study-way/programs.ts';

/** The model of the test release as a file, for whatever serves it. */
export const onnxFile = fileURLToPath(new URL('../study-way/models/bright-region.onnx', import.meta.url));
/** A model server calls it so. */
export const MODEL = 'bright';

export type TestRelease = { readonly sha256: string; readonly release: Release; readonly folder: string };

export type RemoteWorld = {
  readonly folder: string;
  readonly authority: TestAuthority;
  readonly release: TestRelease;
  /** A release whose golden outputs are others than the model's. */
  readonly otherRelease: () => Promise<TestRelease>;
  path(name: string): string;
  remove(): void;
};

export async function createRemoteWorld(): Promise<RemoteWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'remote-'));
  const path = (name: string): string => join(folder, name);
  const release = async (name: string, offset = 0): Promise<TestRelease> => {
    const { ref, folder: where, release: declared } = await writeRelease(path(name), '1.0.0', offset);
    return { sha256: ref.sha256, release: declared, folder: where };
  };
  mkdirSync(path('tls'));
  return {
    ...{ folder, path, authority: createTestAuthority(path('tls')), release: await release('release') },
    otherRelease: () => release('other', 0.5),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A file that only its owner can read, with a secret. */
export function secretFile(world: RemoteWorld, name: string, secret: string): string {
  writeFileSync(world.path(name), `${secret}\n`, { mode: 0o600 });
  return world.path(name);
}

/** A remote device as `agent.yaml` gives it, defaults filled in by its schema. */
export function serverOf(given: object): RemoteServer {
  const config = agentConfig.parse(
    {
      device: { serial: 'T' },
      data: '/data',
      hub: { url: 'https://hub' },
      dicom: { ae_title: 'T', listen: [{ port: 0 }], sources: [] },
      destinations: [],
      routes: [],
      devices: [{ remote: { models: { 'bright-region': { model: MODEL } }, ...given } }],
    },
    'a remote device',
  );
  const [device] = config.devices as readonly object[];
  return (device as { readonly remote: RemoteServer }).remote;
}

/** Opens the release with the golden cases of its folder; `golden` counts how often they ran. */
export async function open(
  server: RemoteServer,
  of: TestRelease,
  now: () => number = Date.now,
  counted: { golden: number } = { golden: 0 },
): Promise<RemoteRelease> {
  return openRemoteRelease(server, of, {
    now,
    after: systemAfter,
    golden: (sessions) => {
      counted.golden += 1;
      return goldenDifference(sessions[0] as ModelSession, of);
    },
  });
}

/** The first golden case through the declared preprocessing and one run of all of its slices. */
export async function goldenDifference(session: ModelSession, { folder, release }: TestRelease): Promise<number> {
  const read = async (name: string) => decodeNpy(await readFile(join(folder, name)), name);
  const [pixels, expected] = [await read('golden/0.pixels.npy'), await read('golden/0.expected.npy')];
  const [count = 0, rows = 0, columns = 0] = pixels.shape;
  const size = rows * columns;
  const slices = Array.from({ length: count }, (_, i) => {
    return { pixels: pixels.data.subarray(i * size, (i + 1) * size), rows, columns };
  });
  const { data } = preprocessSeries(slices, release.stages[0]?.preprocessing ?? []);
  const [answer] = await session.run([{ name: 'image', dims: [count, 1, 16, 16], data }], ['logits']);
  if (answer?.data.length !== expected.data.length) return Number.NaN;
  return Math.max(...answer.data.map((value, i) => Math.abs(value - (expected.data[i] as number))));
}

/** Slices that are all of one value, which the model gives back (inside its border) less its bias. */
export const evenSlices = (value: number, batch = 2) => [
  { name: 'image', dims: [batch, 1, 16, 16], data: new Float32Array(batch * 256).fill(value) },
];

/** The value in the middle of the first slice. */
export async function middle(session: ModelSession | undefined, value: number): Promise<number> {
  const [answer] = (await session?.run(evenSlices(value), ['logits'])) ?? [];
  return answer?.data[8 * 16 + 8] ?? Number.NaN;
}

export type FakeServer = {
  readonly program: Program;
  readonly port: number;
  /** Changes what it does from now on. */
  behave(change: Partial<Behaviour>): Promise<void>;
  /** How often it was asked for what; see test/fakes/model-server. */
  asked(): Promise<Record<string, number>>;
};

/** Starts the fake of test/fakes/model-server; without TLS unless its arguments say so. */
export async function startFake(
  protocol: 'kserve-v2' | 'tf-serving',
  more: readonly string[] = [],
  fetchAs: (path: string, init?: RequestInit) => Promise<Response> = fetch,
): Promise<FakeServer> {
  const program = await startProgram('fakes/model-server/main.js', [
    ...['--protocol', protocol, '--onnx', onnxFile, '--name', MODEL, '--item-dims', '1,16,16', ...more],
  ]);
  const fake = `http://127.0.0.1:${program.port}/fake`;
  return {
    ...{ program, port: program.port },
    async behave(change) {
      await fetchAs(fake, { method: 'PUT', body: JSON.stringify(change) });
    },
    asked: async () => (await (await fetchAs(fake)).json()) as Record<string, number>,
  };
}
