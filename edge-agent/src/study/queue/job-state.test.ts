import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFinal, type Job, type JobEvent, jobLimitsDefault, newJob, step } from './job-state.ts';

const running: Job = { ...newJob, state: 'running', starts: 1 };
const failed = (how: 'transient' | 'permanent' | 'crashed'): JobEvent => ({
  type: 'attempt-failed',
  how,
  code: 'inference-failed',
  detail: '',
  at_ms: 1_000,
});

describe('one step of a job', () => {
  it.each<[string, Job, JobEvent, Partial<Job>]>([
    ['a complete study is assembled', newJob, { type: 'completed' }, { state: 'assembled' }],
    ['an assembled one is queued', { ...newJob, state: 'assembled' }, { type: 'enqueued' }, { state: 'queued' }],
    ['a start counts', { ...newJob, state: 'queued' }, { type: 'started' }, { state: 'running', starts: 1 }],
    ['unusable input fails at once', running, failed('permanent'), { state: 'failed', attempts: 1 }],
    ['a first crash is tried again later', running, failed('crashed'), { state: 'queued', notBefore_ms: 2_000 }],
    ['a second waits longer', { ...running, attempts: 1 }, failed('crashed'), { notBefore_ms: 3_000, attempts: 2 }],
    ['a stop of the appliance is no attempt', running, { type: 'interrupted' }, { state: 'queued', attempts: 0 }],
  ])('%s', (_, job, event, expected) => {
    const result = step(job, event);
    expect(result).toMatchObject({ ok: true, value: expected });
  });

  it.each([
    ['crashed', 'poison'],
    ['transient', 'transient'],
  ] as const)('the last attempt that ended %s makes the job %s', (how, expected) => {
    const result = step({ ...running, attempts: jobLimitsDefault.attemptsMax - 1 }, failed(how));
    expect(result).toMatchObject({ ok: true, value: { state: 'failed', failure: { class: expected } } });
  });

  it('an appliance that stops each time cannot be held by one job', () => {
    const job = { ...running, interruptions: jobLimitsDefault.interruptionsMax - 1 };
    expect(step(job, { type: 'interrupted' })).toMatchObject({ ok: true, value: { failure: { class: 'poison' } } });
  });
});

const anyEvent: fc.Arbitrary<JobEvent> = fc.oneof(
  fc.constantFrom<JobEvent>(
    { type: 'completed' },
    { type: 'enqueued' },
    { type: 'started' },
    { type: 'inferred' },
    { type: 'interrupted' },
    { type: 'superseded' },
  ),
  fc.record({
    type: fc.constant('attempt-failed' as const),
    how: fc.constantFrom('transient' as const, 'permanent' as const, 'crashed' as const),
    code: fc.constant('inference-failed'),
    detail: fc.constant(''),
    at_ms: fc.nat(),
  }),
);

describe('any sequence of events', () => {
  it('never leaves a final state, never starts more often than the bounds allow, never forgets why it failed', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 200 }), (events) => {
        let job = newJob;
        for (const event of events) {
          const result = step(job, event);
          if (!result.ok) continue;
          expect(isFinal(job)).toBe(false);
          expect(result.value.starts).toBeGreaterThanOrEqual(job.starts);
          job = result.value;
          expect(job.starts).toBeLessThanOrEqual(jobLimitsDefault.attemptsMax + jobLimitsDefault.interruptionsMax - 1);
          expect(job.state === 'failed').toBe(job.failure !== undefined);
          expect(job.attempts).toBeLessThanOrEqual(jobLimitsDefault.attemptsMax - (job.state === 'running' ? 1 : 0));
        }
      }),
    );
  });

  it('a job that is always started again after it came back reaches an end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(failed('crashed'), failed('transient'), { type: 'interrupted' as const })),
        (ends) => {
          let job: Job = { ...newJob, state: 'queued' };
          const worst: JobEvent[] = Array.from({ length: 30 }, () => ({ type: 'interrupted' }));
          for (const end of [...ends, ...worst]) {
            if (isFinal(job)) break;
            for (const event of [{ type: 'started' } as const, end]) {
              const result = step(job, event);
              if (!result.ok) throw new Error(result.error);
              job = result.value;
            }
          }
          expect(job.state).toBe('failed');
        },
      ),
    );
  });
});
