/** Something that took a while, as it goes into a trace. Times are milliseconds since 1970. */
export type StageSpan = {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the span of the whole study. */
  readonly parentSpanId: string | undefined;
  readonly name:
    | 'study'
    | 'receive'
    | 'assemble'
    | 'job'
    | 'queue'
    | 'infer'
    | 'plan'
    | 'items'
    | 'conclude'
    | 'deliver';
  /** Towards another program, or within this one. */
  readonly kind: 'client' | 'server' | 'internal';
  readonly start_ms: number;
  readonly end_ms: number;
  /** Internal keys, names of the configuration, counts and codes: never a patient, a UID or a file. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Code of what went wrong. */
  readonly error?: string;
};
