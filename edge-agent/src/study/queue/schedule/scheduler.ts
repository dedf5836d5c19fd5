/** 0 stat, 1 urgent, 2 routine, 3 background: a lower class goes first. */
export type Priority = 0 | 1 | 2 | 3;

/**
 * What the cost of a run depends on beside the device: release digest, stage, task and shape of an item.
 * A device learns its cost per key as `fixed_ms + perItem_ms × items`.
 */
export type CostKey = string;

/** A step of a job: items that are independent of each other, so any device may take any chunk of them. */
export type Step = {
  readonly key: CostKey;
  /** Release digest; only slots that have it loaded can take a chunk. Undefined: any slot can. */
  readonly release?: string;
  readonly items: number;
  /** Of one chunk, at most: what fills the best batch. */
  readonly chunkItemsMax: number;
};

export type ScheduledJob = {
  readonly id: string;
  readonly priority: Priority;
  readonly arrival_ms: number;
  /** Weight of its release against others of the same class; 1 where nothing else is said. */
  readonly share: number;
  /** The first is ready now; the others are what is expected to follow, for the estimate of its service time. */
  readonly steps: readonly [Step, ...Step[]];
  /** Devices that must not run it, such as remote ones that could not be attested. */
  readonly notOn?: readonly string[];
};

/** One worker of a device: runs one chunk at a time. */
export type Slot = { readonly id: string; readonly device: string; readonly releases: readonly string[] };

/** Items `from` up to, not including, `to` of a step. */
export type Chunk = {
  readonly id: number;
  readonly jobId: string;
  readonly step: number;
  readonly from: number;
  readonly to: number;
};

export type Assignment = { readonly slot: string; readonly chunk: Chunk; readonly expected_ms: number };

/** How a chunk ended: `lost` when its worker or device went away, which says nothing of the chunk. */
export type ChunkEnd = 'done' | 'failed' | 'lost';

/**
 * Decides which free slot takes which chunk. Pure: no I/O, and the clock is passed in. STAT first; within a class by
 * arrival + 5 × ideal service time; each chunk to the slot with the earliest expected finish, so a slow slot may be
 * left idle where a faster one would be done sooner; nothing is overtaken for longer than a bound.
 */
export type Scheduler = {
  /** The slots that can take work from now on; a chunk on a slot that is gone counts as running until `ended`. */
  setSlots(slots: readonly Slot[], now_ms: number): void;
  add(job: ScheduledJob, now_ms: number): void;
  /** The last step of a job is over, and this is what came of it: its real next step replaces the expected one. */
  continueWith(jobId: string, step: Step, now_ms: number): void;
  /** The job has ended, or is to be forgotten; its chunks that run still are told by `ended`, and nothing comes of it. */
  remove(jobId: string): void;
  /** Work for free slots, each at most once. */
  next(now_ms: number): readonly Assignment[];
  /**
   * A chunk has ended. `done` teaches the cost; `lost` and `failed` put its items back at the front of their job, in
   * chunks of at most `itemsMax` where that is given (a device ran out of memory).
   *
   * @returns whether the current step of its job is complete now
   */
  ended(chunkId: number, how: ChunkEnd, now_ms: number, itemsMax?: number): boolean;
  /** When `next` may decide otherwise although nothing happened; undefined when it cannot. */
  wakeAt_ms(now_ms: number): number | undefined;
  /** What is expected for a chunk of this size on this device, for the watchdog. */
  expected_ms(device: string, key: CostKey, items: number): number | undefined;
};
