/** Who is at the other end of an association. */
export type Peer = {
  readonly associationId: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly remoteAddress: string;
};

export type Traffic = { readonly instances: number; readonly bytes: number; readonly duration_ms: number };

/** A bound that was reached, for counting: which of `ScpLimits` or of the policy. */
export type LimitKind =
  | 'associations'
  | 'source-associations'
  | 'congestion'
  | 'connections'
  | 'waiting-per-address'
  | 'artim'
  | 'idle'
  | 'progress';

/** What the SCP tells its owner. */
export type ScpEvent =
  | (Peer & {
      readonly type: 'association-accepted';
      readonly contextsAccepted: number;
      readonly contextsProposed: number;
    })
  | (Peer & { readonly type: 'association-rejected'; readonly why: string; readonly limit?: LimitKind })
  | (Peer & Traffic & { readonly type: 'association-released' })
  | (Peer &
      Traffic & {
        readonly type: 'association-aborted';
        readonly by: 'peer' | 'us' | 'transport';
        readonly why: string;
        readonly limit?: LimitKind;
      })
  | (Peer & {
      readonly type: 'instance-stored' | 'instance-refused';
      readonly sopClassUid: string;
      readonly sopInstanceUid: string;
      readonly transferSyntaxUid: string;
      readonly bytes: number;
      readonly duration_ms: number;
      readonly status: number;
      readonly comment: string;
    })
  | {
      readonly type: 'connection-failed';
      readonly remoteAddress: string;
      readonly why: string;
      readonly limit?: LimitKind;
    }
  /** The sink threw: a fault of ours, answered with 0110H. */
  | { readonly type: 'fault'; readonly associationId: string; readonly error: unknown };
