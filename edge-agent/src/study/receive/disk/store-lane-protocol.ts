/** Objects that can be under way in the lane at once; beyond that they take the ordinary way. */
export const LANE_SLOTS = 16;
/** Longest file that goes through the lane, bytes. */
export const SLOT_BYTES = 1_048_576;

/**
 * From the sink to the lane: the file is the first `bytes` bytes of a slot. The slot's memory goes along and comes back
 * with the answer: it is handed over and not shared, because copying into shared memory costs several times as much.
 */
export type LaneRequest = {
  readonly id: number;
  readonly slot: ArrayBuffer;
  readonly bytes: number;
  /** Where the content begins that the digest is of, bytes. */
  readonly contentAt: number;
  /** Where the file is made. */
  readonly path: string;
  /** Where it goes: a folder that is durable, and the name in it. */
  readonly folder: string;
  readonly target: string;
};

/**
 * `placed`: the file is durable under its target name, and gone from `path`. `there`, `no-folder`: it is durable at
 * `path`, because the target is taken or its folder is gone.
 */
export type LanePlace = 'placed' | 'there' | 'no-folder';

/** From the lane, a group at a time, after its last fsync; `slots` in the order of the answers. */
export type LaneAnswers = { readonly answers: readonly LaneAnswer[]; readonly slots: readonly ArrayBuffer[] };

export type LaneAnswer =
  | { readonly id: number; readonly ok: true; readonly sha256: string; readonly place: LanePlace }
  | { readonly id: number; readonly ok: false; readonly code: string | undefined; readonly message: string };
