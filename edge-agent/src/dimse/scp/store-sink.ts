import type { Result } from '../result.ts';

/** What is known of an object before its first byte. The UIDs are the command's; the data set is not looked at here. */
export type StoreRequest = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly remoteAddress: string;
  readonly associationId: string;
  /** Where the sender named the study too, as one that posts to the address of a study does: A900H for any other. */
  readonly studyInstanceUid?: string;
  /** Where the object is sent because of a C-MOVE, and the sender says so: who asked for it (PS3.7 §9.1.1.1.9). */
  readonly moveOriginatorAeTitle?: string;
};

/** A DIMSE status, and an Error Comment of at most 64 ASCII characters. */
export type StoreOutcome = { readonly status: number; readonly comment?: string };

export type StoreWrite = {
  /**
   * Takes some bytes of the data set; the peer waits until this resolves. A rejection is answered with 0110H.
   * The bytes are the sink's to keep: nobody changes them afterwards.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** The data set is complete. The C-STORE-RSP leaves when this has resolved, with this status. */
  commit(): Promise<StoreOutcome>;
  /** The rest will not come. */
  abort(): Promise<void>;
};

/** Where objects go. One sink serves all associations; each object has a `StoreWrite` of its own. */
export type StoreSink = {
  begin(request: StoreRequest): Promise<Result<StoreWrite, StoreOutcome>>;
};
