/** Decides the retry: transient again later, permanent never, ambiguous only with the same bytes. */
export type ErrorClass = 'transient' | 'permanent' | 'ambiguous';

/** One entry of the catalogue: what happened in general, what to do about it, and how a retry treats it. */
export type ErrorEntry = {
  readonly what: string;
  readonly remedy: string;
  readonly class: ErrorClass;
};
