import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askIn } from '@collimator/edge-agent/observe/ask';
import { addGpuMetrics } from '@collimator/edge-agent/observe/gpu/gpu-metrics';
import { watchXids, type XidWatch } from '@collimator/edge-agent/observe/gpu/kernel-log';
import { type GpuReadings, startGpuReadings } from '@collimator/edge-agent/observe/gpu/readings';
import type { EventName } from '@collimator/shared/events/registry';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const transcript = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/nvidia-smi/${name}`, import.meta.url));

describe('what nvidia-smi and the kernel say', () => {
  let folder: string;
  let events: { readonly name: EventName; readonly fields: unknown }[];
  let readings: GpuReadings | undefined;
  let xids: XidWatch | undefined;
  const log = { event: (name: EventName, fields?: unknown) => void events.push({ name, fields }) };
  /** A program that notes its arguments and plays a script. */
  const program = (script: string): string => {
    const file = join(folder, 'program');
    writeFileSync(file, `#!/bin/sh\necho "$*" >> ${folder}/calls\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const calls = (): string[] =>
    existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];

  async function metricsText(): Promise<string> {
    const registry = new Registry();
    addGpuMetrics(askIn(registry), () => ({
      gpus: readings?.latest() ?? [],
      xids: xids?.counts() ?? [],
      latestXid: (pci) => xids?.latest(pci),
      kernelLogRead: xids?.reading(),
    }));
    return await registry.metrics();
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'smi-'));
    events = [];
  });
  afterEach(() => {
    readings?.stop();
    xids?.stop();
    readings = undefined;
    xids = undefined;
    rmSync(folder, { recursive: true });
  });

  it('become metrics under the names of DCGM: the latest of each card, and nothing that it does not have', async () => {
    readings = startGpuReadings({ log, command: program(`cat ${transcript('two-cards.txt')}; exec sleep 600`) });
    await vi.waitFor(() => expect(readings?.latest()[1]?.values.DCGM_FI_DEV_GPU_UTIL).toBe(12));
    const text = await metricsText();
    const a4000 = 'gpu="0",UUID="GPU-5f4d6b1c-8a3e-4f0b-9c57-1d2e3f4a5b6c",modelName="NVIDIA RTX A4000"';
    const t4 = 'gpu="1",UUID="GPU-0b7e9d2a-1c4f-4e6d-8a9b-7c6d5e4f3a2b",modelName="Tesla T4"';
    for (const line of [
      `DCGM_FI_DEV_GPU_UTIL{${a4000}} 99`,
      `DCGM_FI_DEV_GPU_UTIL{${t4}} 12`,
      `DCGM_FI_DEV_FB_USED{${a4000}} 14310`,
      `DCGM_FI_DEV_GPU_TEMP{${a4000}} 84`,
      `DCGM_FI_DEV_POWER_USAGE{${a4000}} 139.87`,
      `DCGM_FI_DEV_CLOCK_THROTTLE_REASONS{${a4000}} 100`,
      `DCGM_FI_DEV_ECC_SBE_AGG_TOTAL{${a4000}} 5`,
      `collimator_gpu_throttled{${a4000},reason="sw-power-cap"} 1`,
      `collimator_gpu_throttled{${a4000},reason="hw-thermal-slowdown"} 1`,
      `collimator_gpu_throttled{${a4000},reason="gpu-idle"} 0`,
      `collimator_gpu_throttled{${t4},reason="sw-power-cap"} 0`,
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).not.toContain(`DCGM_FI_DEV_POWER_USAGE{${t4}}`);
    expect(text).not.toContain(`DCGM_FI_DEV_ECC_DBE_VOL_TOTAL{${t4}}`);
    expect(text).not.toContain('NaN');
    expect(calls()).toHaveLength(1);
  });

  it('are read of a card that is cut into instances', async () => {
    readings = startGpuReadings({ log, command: program(`cat ${transcript('mig.txt')}; exec sleep 600`) });
    await vi.waitFor(() => expect(readings?.latest()).toHaveLength(1));
    const [gpu] = readings.latest();
    expect(gpu?.values).toMatchObject({ DCGM_FI_DEV_FB_USED: 20173, DCGM_FI_DEV_MEMORY_TEMP: 41 });
    expect(gpu?.values).not.toHaveProperty('DCGM_FI_DEV_GPU_UTIL');
  });

  it('leave no old values behind when a card is lost, and nothing at all when the tool ends', async () => {
    const go = join(folder, 'go');
    const wait = `while [ ! -e ${go} ]; do sleep 0.05; done; exit 15`;
    readings = startGpuReadings({
      log,
      command: program(`cat ${transcript('driver-lost.txt')}; ${wait}`),
      restart_s: 200,
    });
    await vi.waitFor(() => expect(readings?.latest()[0]?.values).toEqual({}));
    expect(readings.latest().map(({ index }) => index)).toEqual([0, 1]);
    writeFileSync(go, '');
    await vi.waitFor(() => expect(events.map(({ name }) => name)).toEqual(['gpu-readings-ended']));
    // Its last line was cut off, and is not taken for a reading.
    expect(readings.latest()).toEqual([]);
    expect(events[0]?.fields).toEqual({ reason: 'exit code 15', restart_s: 200 });
  });

  it('are waited for, longer each time, where the driver does not answer', async () => {
    const command = program(`cat ${transcript('no-driver.txt')}; exit 9`);
    readings = startGpuReadings({ log, command, restart_s: 0.01, restart_s_most: 0.04 });
    await vi.waitFor(() => expect(events.length).toBeGreaterThanOrEqual(4));
    expect(events.slice(0, 4).map(({ fields }) => fields)).toEqual(
      [0.01, 0.02, 0.04, 0.04].map((restart_s) => ({ reason: 'exit code 9', restart_s })),
    );
    expect(readings.latest()).toEqual([]);
  });

  it('are asked for without a field that an old driver refuses', async () => {
    const line = readFileSync(transcript('two-cards.txt'), 'utf8').split('\n')[0]?.split(', ') ?? [];
    const without = [...line.slice(0, 7), ...line.slice(8)].join(', ');
    const refuse = `case "$*" in *memory.reserved*) cat ${transcript('old-driver.txt')}; exit 2;; esac`;
    readings = startGpuReadings({ log, command: program(`${refuse}\necho '${without}'; exec sleep 600`) });
    await vi.waitFor(() => expect(readings?.latest()[0]?.values.DCGM_FI_DEV_GPU_TEMP).toBe(58));
    expect(readings.latest()[0]?.values).not.toHaveProperty('DCGM_FI_DEV_FB_RESERVED');
    expect(calls().map((call) => call.includes('memory.reserved'))).toEqual([true, false]);
    expect(events).toEqual([]);
  });

  it('tell Xid errors from the first log that may be read, and nothing else of it', async () => {
    const mayNot =
      'echo "Hint: You are currently not seeing messages from other users and the system." >&2; exec sleep 600';
    const commands = [
      { program: program(mayNot), args: [] },
      { program: '/bin/sh', args: ['-c', `cat ${transcript('kernel-log.txt')}; exec sleep 600`] },
    ];
    readings = startGpuReadings({ log, command: '/nowhere/nvidia-smi' });
    xids = watchXids({ log, commands });
    await vi.waitFor(() => expect(xids?.counts()).toHaveLength(4));
    expect(xids.counts()).toEqual([
      { pci: '0000:3b:00', code: 31, count: 2 },
      { pci: '0000:17:00', code: 43, count: 1 },
      { pci: '0000:af:00', code: 13, count: 1 },
      { pci: '0000:3b:00', code: 79, count: 1 },
    ]);
    expect([xids.latest('0000:3b:00'), xids.reading()]).toEqual([79, true]);
    const lines = (await metricsText()).split('\n');
    expect(lines).toContain('collimator_gpu_xid_errors_total{pci="0000:3b:00",xid="31"} 2');
    expect(lines).toContain('collimator_kernel_log_read 1');
    expect(events).toHaveLength(5);
    expect(events[4]).toEqual({ name: 'gpu-xid', fields: { pci: '0000:3b:00', code: 79 } });
  });

  it('say once that the kernel log cannot be read', async () => {
    const commands = [
      { program: '/nowhere/journalctl', args: [] },
      {
        program: program('echo "dmesg: read kernel buffer failed: Operation not permitted" >&2; exit 1'),
        args: ['new'],
      },
    ];
    xids = watchXids({ log, commands, restart_s: 0.01 });
    await vi.waitFor(() => expect(calls().length).toBeGreaterThan(2));
    expect(events).toEqual([{ name: 'kernel-log-unreadable', fields: { reason: 'exit code 1' } }]);
  });
});
