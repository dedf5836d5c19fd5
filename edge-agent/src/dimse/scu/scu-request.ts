import { defaultImplementation } from '../implementation.ts';
import { ASYNC_OPERATIONS_MAX, type OpenAssociation, SCU_PDU_BYTES_MAX, type ScuIdentity } from './scu-options.ts';
import { APPLICATION_CONTEXT } from '../uid.ts';
import type { AssociateAc, AssociateRq, RoleSelection, UserIdentity } from '../upper-layer/pdu.ts';
import { type AcceptedContext, acceptedContexts, CONTEXTS_MAX } from '../upper-layer/presentation-contexts.ts';

/** What came out of the negotiation. */
export type Accepted = {
  readonly contexts: readonly AcceptedContext[];
  /** Requests that may be without a response at a time; 1 unless more was proposed and accepted. */
  readonly operationsMax: number;
  /** The roles that the peer answered; a class without one has the default, SCU (PS3.7 §D.3.3.4). */
  readonly roles: readonly RoleSelection[];
  /** Whether the peer said that it knows our user identity. */
  readonly identityConfirmed: boolean;
  readonly peerPduBytesMax: number;
  readonly implementationClassUid: string;
  readonly implementationVersionName: string;
};

/** @throws RangeError for more contexts or operations than there can be */
export function requestOf(options: OpenAssociation): AssociateRq {
  const { classUid, versionName } = options.implementation ?? defaultImplementation;
  const operations = options.asyncOperations ?? 1;
  if (options.contexts.length > CONTEXTS_MAX) throw new RangeError(`at most ${CONTEXTS_MAX} presentation contexts`);
  if (!Number.isInteger(operations) || operations < 1 || operations > ASYNC_OPERATIONS_MAX)
    throw new RangeError(`asyncOperations must be 1 to ${ASYNC_OPERATIONS_MAX}`);
  return {
    type: 'associate-rq',
    protocolVersion: 1,
    calledAeTitle: options.calledAeTitle,
    callingAeTitle: options.callingAeTitle,
    applicationContext: APPLICATION_CONTEXT,
    contexts: options.contexts.map(({ abstractSyntax, transferSyntaxes }, index) => ({
      id: 2 * index + 1,
      abstractSyntax,
      transferSyntaxes,
    })),
    user: {
      maxPduLength: SCU_PDU_BYTES_MAX,
      implementationClassUid: classUid,
      implementationVersionName: versionName,
      // We perform one operation of the peer at a time: an event report.
      ...(operations > 1 && { asyncOperations: { invoked: operations, performed: 1 } }),
      ...(options.roles !== undefined && options.roles.length > 0 && { roles: options.roles }),
      ...(options.userIdentity !== undefined && { userIdentity: identityOf(options.userIdentity) }),
    },
  };
}

export function acceptedOf(request: AssociateRq, answer: AssociateAc): Accepted {
  const { user } = answer;
  return {
    contexts: [...acceptedContexts(request.contexts, answer.contexts).values()],
    operationsMax: windowOf(request.user.asyncOperations?.invoked, user.asyncOperations?.invoked),
    roles: user.roles ?? [],
    identityConfirmed: user.userIdentityResponse !== undefined,
    peerPduBytesMax: user.maxPduLength,
    implementationClassUid: user.implementationClassUid,
    implementationVersionName: user.implementationVersionName,
  };
}

/** Without an answer the default of one holds; 0 accepts all that was proposed, and more than that nobody can accept. */
function windowOf(proposed: number | undefined, accepted: number | undefined): number {
  if (proposed === undefined || accepted === undefined) return 1;
  return accepted === 0 ? proposed : Math.min(proposed, accepted);
}

function identityOf({ username, passcode, confirm }: ScuIdentity): UserIdentity {
  return {
    type: passcode === undefined ? 1 : 2,
    responseRequested: confirm ?? false,
    primary: Buffer.from(username, 'utf8'),
    secondary: Buffer.from(passcode ?? '', 'utf8'),
  };
}
