/**
 * Why a study is held:
 * `conflict`: an object came again with other content, and nobody has said which is right;
 * `rejection`: its source has rejected images of it (IHE IOCM);
 * `operator`: a person asked for it.
 */
export type HoldKind = 'conflict' | 'rejection' | 'operator';

/** What holds a study and for how long; it goes on when its last hold is released. */
export type Hold = {
  readonly holdId: number;
  readonly studyId: number;
  readonly kind: HoldKind;
  /** Internal key of what caused it, such as `quarantine 12`. */
  readonly cause: string;
  /** For people; nothing of the patient and no UID. */
  readonly detail: string;
  /** Milliseconds since 1970. */
  readonly since_ms: number;
};

export type NewHold = Pick<Hold, 'kind' | 'cause' | 'detail'>;
