import { err, ok, type Result } from '@collimator/shared/result';

/** transient: the surroundings failed each time; permanent: the input cannot be used; poison: it ends the process. */
export type FailureClass = 'transient' | 'permanent' | 'poison';

export type JobFailure = { readonly class: FailureClass; readonly code: string; readonly detail: string };

/**
 * A series on its way. `received` and `assembled` are the states before there is a release to run
 * (an open study, a revision that waits); from `queued` on it is a job with a row of its own.
 */
export type JobState = 'received' | 'assembled' | 'queued' | 'running' | 'inferred' | 'failed' | 'superseded';

export type Job = {
  readonly state: JobState;
  /** Every start; names the attempt. */
  readonly starts: number;
  /** Starts that ended badly, and workers that died of it. */
  readonly attempts: number;
  /** Starts that a stop of the appliance cut short. */
  readonly interruptions: number;
  readonly notBefore_ms: number;
  readonly failure?: JobFailure;
};

export type JobEvent =
  | { readonly type: 'completed' }
  | { readonly type: 'enqueued' }
  | { readonly type: 'started' }
  | { readonly type: 'inferred' }
  /** The attempt answered with an error, or workers died of it once too often (`crashed`). */
  | {
      readonly type: 'attempt-failed';
      readonly how: 'transient' | 'permanent' | 'crashed';
      readonly code: string;
      readonly detail: string;
      readonly at_ms: number;
    }
  /** A worker has died of it, or had to be ended, and it goes on: its chunks are in the queue again. */
  | { readonly type: 'worker-died' }
  /** The appliance stopped or the device was taken away while it ran: nobody's fault. */
  | { readonly type: 'interrupted' }
  | { readonly type: 'superseded' }
  /** Something that it cannot do without is not to be had. */
  | { readonly type: 'refused'; readonly code: string; readonly detail: string };

export type JobLimits = {
  readonly attemptsMax: number;
  readonly interruptionsMax: number;
  readonly retryFirst_ms: number;
  readonly retryMost_ms: number;
};

export const jobLimitsDefault: JobLimits = {
  attemptsMax: 3,
  interruptionsMax: 20,
  retryFirst_ms: 1_000,
  retryMost_ms: 60_000,
};

export const newJob: Job = { state: 'received', starts: 0, attempts: 0, interruptions: 0, notBefore_ms: 0 };

export const isFinal = (job: Job): boolean =>
  job.state === 'inferred' || job.state === 'failed' || job.state === 'superseded';

/** The next state, or why the event cannot happen in this one. A final state never changes. */
export function step(job: Job, event: JobEvent, limits: JobLimits = jobLimitsDefault): Result<Job, string> {
  const refused = err(`${event.type} in state ${job.state}`);
  switch (event.type) {
    case 'completed':
      return job.state === 'received' ? ok({ ...job, state: 'assembled' }) : refused;
    case 'enqueued':
      return job.state === 'assembled' ? ok({ ...job, state: 'queued' }) : refused;
    case 'started':
      return job.state === 'queued' ? ok({ ...job, state: 'running', starts: job.starts + 1 }) : refused;
    case 'inferred':
      return job.state === 'running' ? ok({ ...job, state: 'inferred' }) : refused;
    case 'attempt-failed':
      return job.state === 'running' ? ok(afterFailure(job, event, limits)) : refused;
    case 'worker-died':
      return job.state === 'running' ? ok({ ...job, attempts: job.attempts + 1 }) : refused;
    case 'interrupted':
      return job.state === 'running' ? ok(afterInterruption(job, limits)) : refused;
    case 'superseded':
      return job.state === 'queued' || job.state === 'assembled' ? ok({ ...job, state: 'superseded' }) : refused;
    case 'refused': {
      const failure = { class: 'permanent', code: event.code, detail: event.detail } as const;
      return job.state === 'queued' ? ok({ ...job, state: 'failed', failure }) : refused;
    }
  }
}

function afterFailure(job: Job, event: JobEvent & { type: 'attempt-failed' }, limits: JobLimits): Job {
  const attempts = job.attempts + 1;
  const { how, code, detail } = event;
  const failed = (failureClass: FailureClass): Job => ({
    ...job,
    state: 'failed',
    attempts,
    failure: { class: failureClass, code, detail },
  });
  if (how === 'permanent') return failed('permanent');
  if (attempts >= limits.attemptsMax) return failed(how === 'crashed' ? 'poison' : 'transient');
  const wait_ms = Math.min(limits.retryMost_ms, limits.retryFirst_ms * 2 ** (attempts - 1));
  return { ...job, state: 'queued', attempts, notBefore_ms: event.at_ms + wait_ms };
}

function afterInterruption(job: Job, limits: JobLimits): Job {
  const interruptions = job.interruptions + 1;
  if (interruptions < limits.interruptionsMax) return { ...job, state: 'queued', interruptions };
  const failure = { class: 'poison', code: 'job-interrupted-too-often', detail: `${interruptions} times` } as const;
  return { ...job, state: 'failed', interruptions, failure };
}
