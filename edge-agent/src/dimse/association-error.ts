/** What went wrong in an association that we opened. */
export type AssociationFailure =
  | 'connect-failed'
  | 'rejected'
  | 'aborted'
  | 'timed-out'
  | 'no-accepted-context'
  | 'closed'
  | 'bad-response';

export type AssociationStep =
  | 'connect'
  | 'associate'
  | 'echo'
  | 'store'
  | 'find'
  | 'move'
  | 'action'
  | 'event-report'
  | 'release';

/** Says at which step an association failed, how, and whether trying again later can help. */
export class AssociationError extends Error {
  readonly code: AssociationFailure;
  readonly step: AssociationStep;
  /** False only for what stays as it is until someone changes a configuration. */
  readonly transient: boolean;

  constructor(
    code: AssociationFailure,
    step: AssociationStep,
    why: string,
    options: { readonly transient?: boolean; readonly cause?: unknown } = {},
  ) {
    super(`${step}: ${why}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'AssociationError';
    this.code = code;
    this.step = step;
    this.transient = options.transient ?? (code !== 'no-accepted-context' && code !== 'bad-response');
  }
}
