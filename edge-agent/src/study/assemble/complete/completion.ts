/** A study that has images which no revision has taken in. */
export type OpenStudy = {
  readonly studyId: number;
  readonly studyInstanceUid: string;
  /** Number of its last revision; 0 when there is none. */
  readonly revision: number;
  /** Whether it was complete before and what is open now came late; not so when images of it were replaced. */
  readonly late: boolean;
  readonly firstReceived_ms: number;
  readonly lastReceived_ms: number;
  readonly lastInstanceId: number;
  /** Whether its sender is done and a rule says that this suffices; see completion-rules.ts. */
  readonly released: boolean;
};

/** A series of its own, for routes that do not wait for the study. */
export type OpenSeries = OpenStudy & { readonly seriesId: number; readonly seriesInstanceUid: string };

export type CompletionPolicy = { readonly quiet_ms: number; readonly lateImages: 'supersede' | 'ignore' };

/** What the decision knows of the surroundings; milliseconds since 1970. */
export type Moment = {
  readonly now_ms: number;
  /** Start of the appliance: while it was down nothing could come, so that was no quiet. */
  readonly listeningSince_ms: number;
  /** When bytes last came on an association that is in the middle of the study; undefined when none is. */
  readonly lastActivity_ms: number | undefined;
  /** Whether its sender is done and a rule says that this suffices; see completion-rules.ts. */
  readonly released: boolean;
  /** Whether something holds the study; see hold.ts. */
  readonly held: boolean;
};

export type Completion =
  | { readonly do: 'wait'; readonly until_ms: number }
  /** Until its last hold is released; whoever does that wakes the stage. */
  | { readonly do: 'hold' }
  | { readonly do: 'complete'; readonly number: number }
  | { readonly do: 'ignore-late' };

/**
 * Decides what to do with an open study: DICOM has no "end of study", so a study is complete when nothing came for a
 * quiet time, or at once when its sender is done and a rule trusts that. Images after that make a new revision that supersedes the last, or are left out.
 * An object that takes longer than the quiet time to arrive is no quiet either. A clock that was set back does not hold
 * a study for longer than one quiet time. A study that is held neither becomes complete nor loses its late images.
 */
export function decideCompletion(
  study: OpenStudy,
  policy: CompletionPolicy,
  { now_ms, listeningSince_ms, lastActivity_ms = 0, released, held }: Moment,
): Completion {
  if (held) return { do: 'hold' };
  const quietSince_ms = Math.min(Math.max(study.lastReceived_ms, listeningSince_ms, lastActivity_ms), now_ms);
  const until_ms = quietSince_ms + policy.quiet_ms;
  if (now_ms < until_ms && !released) return { do: 'wait', until_ms };
  if (study.late && policy.lateImages === 'ignore') return { do: 'ignore-late' };
  return { do: 'complete', number: study.revision + 1 };
}
