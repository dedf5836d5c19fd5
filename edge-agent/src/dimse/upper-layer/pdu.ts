/** The seven PDUs of the upper layer (PS3.8 §9.3), decoded. */
export type Pdu = AssociateRq | AssociateAc | AssociateRj | PData | ReleaseRq | ReleaseRp | Abort;

/** First byte of each PDU (PS3.8 §9.3.1). */
export const pduTypes = {
  'associate-rq': 0x01,
  'associate-ac': 0x02,
  'associate-rj': 0x03,
  'p-data': 0x04,
  'release-rq': 0x05,
  'release-rp': 0x06,
  abort: 0x07,
} as const;

export type ProposedContext = {
  /** Odd, 1 to 255. */
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntaxes: readonly string[];
};

/** PS3.8 Table 9-18: 0 acceptance, 1 user rejection, 2 no reason, 3 abstract syntax, 4 transfer syntaxes not supported. */
export type ContextResult = 0 | 1 | 2 | 3 | 4;
export type NegotiatedContext = {
  readonly id: number;
  readonly result: ContextResult;
  readonly transferSyntax: string;
};

export type UserInformation = {
  /** Largest P-DATA-TF variable field that the sender of this item can take, bytes; 0 is no limit (PS3.8 §D.1). */
  readonly maxPduLength: number;
  readonly implementationClassUid: string;
  readonly implementationVersionName: string;
  readonly asyncOperations?: AsyncOperations;
  readonly roles?: readonly RoleSelection[];
  /** In a request only. */
  readonly userIdentity?: UserIdentity;
  /** In an acceptance only: that the identity was recognised, with the server's response where the type has one. */
  readonly userIdentityResponse?: Uint8Array;
};

/** Asynchronous operations window (PS3.7 §D.3.3.3), seen from the requestor; 0 is no limit. */
export type AsyncOperations = { readonly invoked: number; readonly performed: number };

/** SCP/SCU role selection (PS3.7 §D.3.3.4): the roles that the requestor takes for this class. */
export type RoleSelection = { readonly sopClassUid: string; readonly scu: boolean; readonly scp: boolean };

/** PS3.7 §D.3.3.7: type 1 user name, 2 user name and passcode, 3 Kerberos, 4 SAML, 5 JSON web token. */
export type UserIdentity = {
  readonly type: number;
  readonly responseRequested: boolean;
  readonly primary: Uint8Array;
  readonly secondary: Uint8Array;
};

type AssociateCommon = {
  readonly protocolVersion: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly applicationContext: string;
  readonly user: UserInformation;
};

export type AssociateRq = AssociateCommon & {
  readonly type: 'associate-rq';
  readonly contexts: readonly ProposedContext[];
};
export type AssociateAc = AssociateCommon & {
  readonly type: 'associate-ac';
  readonly contexts: readonly NegotiatedContext[];
};
/** PS3.8 Table 9-21. */
export type AssociateRj = {
  readonly type: 'associate-rj';
  readonly result: number;
  readonly source: number;
  readonly reason: number;
};

/** A presentation data value: a fragment of a command or of a data set (PS3.8 §9.3.5.1, §E.2). */
export type Pdv = {
  readonly contextId: number;
  readonly isCommand: boolean;
  readonly isLast: boolean;
  readonly data: Uint8Array;
};
export type PData = { readonly type: 'p-data'; readonly pdvs: readonly Pdv[] };

export type ReleaseRq = { readonly type: 'release-rq' };
export type ReleaseRp = { readonly type: 'release-rp' };
/** PS3.8 Table 9-26: source 0 service user, 2 service provider. */
export type Abort = { readonly type: 'abort'; readonly source: number; readonly reason: number };

/** Reasons of an A-ABORT by the service provider (PS3.8 Table 9-26). */
export const abortReasons = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameterValue: 6,
} as const;
