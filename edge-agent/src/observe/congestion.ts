/** What the decision knows of the machine. */
export type RoomFacts = {
  /** Fill of the disk, 0 to 1. */
  readonly used: number;
  readonly bytesFree: number;
  /** Queues that grow with what is received, each with the length from which no more is to come. */
  readonly queues: readonly { readonly name: string; readonly length: number; readonly lengthMax: number }[];
};

export type RoomPolicy = {
  /** Fill of the disk from which associations are refused, 0 to 1. */
  readonly watermark: number;
  /** Free bytes below which they are refused. */
  readonly bytesFreeMin: number;
};

/** Share of each bound that must be free again before associations are taken: a sender is not let in for one image. */
const SLACK = 0.02;
const QUEUE_SLACK = 0.1;

/**
 * Why no association is to be taken now, or undefined: said before the disk is so full that objects have to be refused
 * (A700), so that a sender waits with its whole study instead of being cut off in the middle of it. Once it is said, it
 * holds until there is clearly room again.
 *
 * @param before what was decided the last time
 */
export function congestionOf(facts: RoomFacts, policy: RoomPolicy, before: string | undefined): string | undefined {
  const slack = before === undefined ? 0 : SLACK;
  if (facts.used >= policy.watermark - slack) return 'the disk is nearly full';
  if (facts.bytesFree < policy.bytesFreeMin * (before === undefined ? 1 : 1.5)) return 'too little space is left';
  const queueSlack = before === undefined ? 0 : QUEUE_SLACK;
  const full = facts.queues.find(({ length, lengthMax }) => length >= lengthMax * (1 - queueSlack));
  return full === undefined ? undefined : `too many ${full.name} wait`;
}
