import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventName } from '@collimator/shared/events/registry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type GpuReadings, startGpuReadings } from './gpu-readings.ts';

describe('GPU readings', () => {
  let folder: string;
  let events: EventName[];
  let readings: GpuReadings | undefined;
  const log = { event: (name: EventName) => void events.push(name) };
  const script = (lines: string): string => {
    const file = join(folder, 'smi');
    writeFileSync(file, `#!/bin/sh\n${lines}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'smi-'));
    events = [];
  });
  afterEach(() => {
    readings?.stop();
    readings = undefined;
    rmSync(folder, { recursive: true });
  });

  it('keep the latest line of each GPU', async () => {
    const command = script(
      [
        'echo "0, GPU-ab, T4, 10, 0, 1, 2, 40, 30.5, 300"',
        'echo "1, GPU-cd, T4, 20, 0, 1, 2, 40, [N/A], 300"',
        'echo "0, GPU-ab, T4, 90, 0, 1, 2, 40, 30.5, 300"',
        'exec sleep 60',
      ].join('\n'),
    );
    const started = startGpuReadings({ log, command });
    readings = started;
    await vi.waitFor(() =>
      expect(started.latest().map((gpu) => [gpu.uuid, gpu.values.DCGM_FI_DEV_GPU_UTIL])).toEqual([
        ['GPU-ab', 90],
        ['GPU-cd', 20],
      ]),
    );
  });

  it('are forgotten when the tool ends, and it is started again', async () => {
    const command = script(`echo "0, GPU-ab, T4, 10, 0, 1, 2, 40, 30.5, 300"; echo x >> ${join(folder, 'starts')}`);
    const started = startGpuReadings({ log, command, restart_s: 0.02 });
    readings = started;
    await vi.waitFor(() => expect(events.filter((name) => name === 'gpu-readings-ended').length).toBeGreaterThan(1));
  });

  it('are none, and no error, where there is no tool', async () => {
    const started = startGpuReadings({ log, command: join(folder, 'none'), restart_s: 0.01 });
    readings = started;
    const ended = startGpuReadings({ log, command: script('exit 9'), restart_s: 60 });
    await vi.waitFor(() => expect(events).toEqual(['gpu-readings-ended']));
    ended.stop();
    expect(started.latest()).toEqual([]);
  });
});
