import { describe, expect, it, vi } from 'vitest';
import { startGpuReadings } from './readings.ts';

// What the tool says is played in test/integration/gpu.
describe('GPU readings', () => {
  it('are none, and no error, where there is no tool', async () => {
    const events: string[] = [];
    const cancel = vi.fn();
    const after = vi.fn<(delay_ms: number, run: () => void) => () => void>(() => cancel);
    const log = { event: (name: string) => void events.push(name) };
    const started = startGpuReadings({ log, command: '/nowhere/nvidia-smi', after });
    await vi.waitFor(() => expect(cancel).toHaveBeenCalled());
    // The only wait that was asked for is the watch for silence, which is off by now.
    expect(after.mock.calls.map(([delay_ms]) => delay_ms)).toEqual([60_000]);
    expect([started.latest(), events]).toEqual([[], []]);
    started.stop();
  });
});
