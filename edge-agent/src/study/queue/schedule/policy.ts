import type { Priority } from './scheduler.ts';

/** The numbers that the order of work follows. All are bounds or weights of a decision, none of a machine. */
export type SchedulePolicy = {
  /** Within a class, a job is placed at its arrival + this × its ideal service time. */
  readonly orderFactor: number;
  /** A job is never placed later than this after its arrival, however long it will run. */
  readonly placedLaterMax_ms: number;
  /** A job that is not done this long after its arrival is overdue, by class. Never STAT, which goes first anyway. */
  readonly overdueAfter_ms: Readonly<Record<Priority, number>>;
  /** While jobs are overdue, one of this many chunks is theirs, whatever their class. */
  readonly overdueEvery: number;
  /** A chunk is cut so that it is expected to run no longer than this, since nothing interrupts it. */
  readonly chunkMax_ms: number;
  /** Share of the fixed cost in a chunk's time, up to which it may be cut smaller so that devices finish together. */
  readonly fixedShareMax: number;
  /** The same while other jobs wait, whom that cost would keep waiting. */
  readonly fixedShareMaxContended: number;
  /** How many jobs of a lane are looked at in one decision. */
  readonly lookaheadJobsMax: number;
  /** Jobs that the scheduler holds at a time; more are refused. */
  readonly jobsMax: number;
  /** The order is made anew when the expected cost of a key has changed by more than this factor. */
  readonly reorderFactor: number;
  /** While a free slot waits for a busy one that is late, it is asked again after this at the earliest. */
  readonly wakeMin_ms: number;
};

const minute_ms = 60_000;

export const defaultPolicy: SchedulePolicy = {
  orderFactor: 5,
  placedLaterMax_ms: 5 * minute_ms,
  overdueAfter_ms: { 0: Number.POSITIVE_INFINITY, 1: 5 * minute_ms, 2: 15 * minute_ms, 3: 60 * minute_ms },
  overdueEvery: 4,
  chunkMax_ms: 400,
  fixedShareMax: 0.2,
  fixedShareMaxContended: 0.1,
  lookaheadJobsMax: 32,
  // More than all requests (`inference.requests_max`) and the windows of all classes of jobs together.
  jobsMax: 12_000,
  reorderFactor: 1.25,
  wakeMin_ms: 5,
};
