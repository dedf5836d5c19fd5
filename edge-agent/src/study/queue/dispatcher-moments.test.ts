import { describe, expect, it } from 'vitest';
import type { Engine, Ticket } from '../infer/engine.ts';
import { createDispatcher } from './dispatcher.ts';
import { createJobsTable } from './testing/jobs-table.ts';

// An engine that only notes what it is given: what matters here is when the dispatcher looks.
function noting() {
  const given: string[] = [];
  const release = { ref: { name: 'r', version: '1.0.0', sha256: 'a' } };
  const engine = {
    wanted: () => [release],
    cannotLoad: () => undefined,
    unattested: { from_ms: () => undefined },
    ready: () => ['cpu-0'],
    add: (ticket: Ticket) => void given.push(ticket.job.id),
    drop: () => true,
  } as unknown as Engine;
  return { engine, given };
}

describe('a job that may be tried again from some moment on', () => {
  // The clock goes on by a millisecond each time somebody looks at it, so that the moment falls between any two looks.
  it.each(Array.from({ length: 12 }, (_, i) => i))(
    'is offered whenever that is: %i ms after the start',
    async (due) => {
      const table = createJobsTable();
      table.add('a', 3, 0);
      const [row] = table.rows.values();
      if (row !== undefined) table.rows.set(1, { ...row, job: { ...row.job, notBefore_ms: due } });
      let clock = 0;
      const timers: { readonly at_ms: number; readonly run: () => void }[] = [];
      const { engine, given } = noting();
      const dispatcher = createDispatcher({
        ...{ jobs: table.jobs, engine, now: () => clock++ },
        after(ms: number, run: () => void) {
          const timer = { at_ms: clock + ms, run };
          timers.push(timer);
          return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
        },
        policyOf: () => ({ share: 1, unattestedAllowed: false }),
        log: { event: () => undefined },
      } as unknown as Parameters<typeof createDispatcher>[0]);
      dispatcher.start();
      for (let turn = 0; turn < 5 && given.length === 0; turn++) {
        await new Promise(setImmediate);
        const timer = timers.shift();
        if (timer === undefined) break;
        clock = Math.max(clock, timer.at_ms);
        timer.run();
      }
      await new Promise(setImmediate);
      expect(given).toEqual(['1/1']);
    },
  );
});
