import type { Release } from '@collimator/shared/contracts/release';
import { err, ok } from '@collimator/shared/result';
import { expect, it } from 'vitest';
import type { DeviceSpec } from './protocol.ts';
import { type selfTest, selfTestOn } from './self-test.ts';

type Tested = Awaited<ReturnType<typeof selfTest>>;

const gpu = (name: string, provider: DeviceSpec['providers'][number], more: Partial<DeviceSpec> = {}): DeviceSpec => ({
  ...{ name, kind: 'gpu', gpu: name, threads: 1, decodeThreads: 1, providers: [provider, 'cpu'], workers: 1, nice: 0 },
  ...{ residentBytesMax: 1, ...more },
});
const devices: readonly DeviceSpec[] = [
  gpu('small', 'cuda', { memoryBytesMax: 199 }),
  gpu('first', 'cuda', { memoryBytesMax: 200 }),
  gpu('second', 'cuda'),
  gpu('other', 'tensorrt'),
  { ...gpu('cpu', 'cpu'), kind: 'cpu' },
];
const release = { name: 'lung', version: '2.0.0', device: { memory_bytes_min: 100 } } as Release;
const mismatch = { code: 'golden-mismatch', detail: 'largest difference 1.00e-1, allowed 0.001' } as const;

/** What stands in for processes, because no GPU is at hand here: what each device finds, and which were asked. */
async function on(found: Readonly<Record<string, Tested>>) {
  const asked: string[] = [];
  const told: unknown[] = [];
  const log = { event: (event: string, fields?: object) => void told.push({ event, ...fields }) };
  const answer = await selfTestOn(devices, '/folder', release, log, (folder, tested, device) => {
    expect([folder, tested]).toEqual(['/folder', release]);
    const name = device?.name ?? 'the processor';
    asked.push(name);
    return Promise.resolve(found[name] ?? ok({ max_abs_diff: 0 }));
  });
  return { asked: asked.toSorted(), answer, told };
}

it('runs on the processor, and on the first GPU of each choice of providers that has room', async () => {
  const { asked, answer } = await on({ other: ok({ max_abs_diff: 0.0005 }) });
  expect(asked).toEqual(['first', 'other', 'the processor']);
  expect(answer).toEqual(ok({ max_abs_diff: 0.0005 }));
});

it('refuses what a GPU computes otherwise, by its name', async () => {
  const { answer } = await on({ first: err(mismatch) });
  expect(answer).toEqual(err({ ...mismatch, detail: `on first: ${mismatch.detail}` }));
});

it('asks no GPU after the processor has refused', async () => {
  const { asked, answer } = await on({ 'the processor': err(mismatch) });
  expect(asked).toEqual(['the processor']);
  expect(answer).toEqual(err(mismatch));
});

it('is not decided by a GPU that could not load it for now, which is told', async () => {
  const { answer, told } = await on({ first: err({ code: 'self-test-failed', detail: 'out of memory' }) });
  expect(answer).toEqual(ok({ max_abs_diff: 0 }));
  expect(told).toEqual([
    {
      ...{ event: 'model-untested-on-device', device: 'first', name: 'lung', version: '2.0.0' },
      ...{ code: 'self-test-failed', reason: 'out of memory' },
    },
  ]);
});
