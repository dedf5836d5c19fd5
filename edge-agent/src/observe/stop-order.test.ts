import type { EventFields, EventName } from '@collimator/shared/events/registry';
import type { Log } from '@collimator/shared/observe/log';
import { describe, expect, it } from 'vitest';
import { createStopOrder } from './stop-order.ts';

function recorder() {
  const events: { name: EventName; part: unknown }[] = [];
  const log: Log = {
    event: <N extends EventName>(name: N, fields?: EventFields<N>) =>
      void events.push({ name, part: (fields as Record<string, unknown> | undefined)?.['part'] }),
  };
  return { log, events };
}

describe('stopping', () => {
  it('goes in the opposite order of the start, once', async () => {
    const { log, events } = recorder();
    const stopped: string[] = [];
    const order = createStopOrder(1_000, log);
    for (const part of ['store', 'ways', 'node']) order.add(part, () => void stopped.push(part));
    await order.run();
    await order.run();
    expect(stopped).toEqual(['node', 'ways', 'store']);
    expect(events).toEqual([]);
  });

  it('goes on after a part that hangs and a part that fails, and names both', async () => {
    const { log, events } = recorder();
    const stopped: string[] = [];
    const order = createStopOrder(20, log);
    order.add('store', () => void stopped.push('store'));
    order.add('failing', () => Promise.reject(new Error('no')));
    order.add('hanging', () => new Promise(() => undefined));
    await order.run();
    expect(stopped).toEqual(['store']);
    expect(events).toEqual([
      { name: 'drain-timed-out', part: 'hanging' },
      { name: 'stop-failed', part: 'failing' },
    ]);
  });
});
