import { IMPLICIT_LITTLE_ENDIAN } from '../uid.ts';
import type { NegotiatedContext, ProposedContext, RoleSelection } from './pdu.ts';

/** A context that both sides agreed on. */
export type AcceptedContext = {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
};

/** What we take of one abstract syntax: transfer syntaxes, and the roles that a requestor may have in it. */
export type Offered = {
  readonly transferSyntaxes: ReadonlySet<string>;
  /** Chosen in this order where several are proposed; what is not listed comes after it, in the proposer's order. */
  readonly preferred?: readonly string[];
  readonly scu: boolean;
  readonly scp: boolean;
};

/** By abstract syntax. */
export type Offer = ReadonlyMap<string, Offered>;

/** Ids are odd and one byte long (PS3.8 §9.3.2.2). */
export const CONTEXTS_MAX = 128;

/** Why nobody could tell the proposed contexts apart, or undefined (PS3.8 §9.3.2.2: an id is unique in its request). */
export function contextsProblem(proposed: readonly ProposedContext[]): string | undefined {
  if (proposed.length > CONTEXTS_MAX) return `${proposed.length} presentation contexts, at most ${CONTEXTS_MAX}`;
  const ids = proposed.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  return twice === undefined ? undefined : `presentation context id ${twice} is there twice`;
}

/**
 * Answers each proposed context (PS3.8 §9.3.3.2). Of the transfer syntaxes that we take, the proposer's first is
 * chosen unless we prefer another: it names first what it holds, and what it need not convert arrives as it was made. Where role selection
 * leaves the requestor no role, the context is rejected by the user.
 */
export function negotiate(
  proposed: readonly ProposedContext[],
  offer: Offer,
  roles: readonly RoleSelection[] = [],
): NegotiatedContext[] {
  return proposed.map(({ id, abstractSyntax, transferSyntaxes }) => {
    const first = transferSyntaxes[0] ?? IMPLICIT_LITTLE_ENDIAN;
    const offered = offer.get(abstractSyntax);
    if (offered === undefined) return { id, result: 3, transferSyntax: first };
    const role = roles.find(({ sopClassUid }) => sopClassUid === abstractSyntax);
    if (role !== undefined && !(role.scu && offered.scu) && !(role.scp && offered.scp))
      return { id, result: 1, transferSyntax: first };
    const taken = transferSyntaxes.filter((uid) => offered.transferSyntaxes.has(uid));
    const chosen = offered.preferred?.find((uid) => taken.includes(uid)) ?? taken[0];
    return chosen === undefined ? { id, result: 4, transferSyntax: first } : { id, result: 0, transferSyntax: chosen };
  });
}

/** Answers role selection (PS3.7 §D.3.3.4): of the roles proposed for a class that we take, those that are offered. */
export function answerRoles(proposed: readonly RoleSelection[], offer: Offer): RoleSelection[] {
  return proposed.flatMap(({ sopClassUid, scu, scp }) => {
    const offered = offer.get(sopClassUid);
    return offered === undefined ? [] : [{ sopClassUid, scu: scu && offered.scu, scp: scp && offered.scp }];
  });
}

/** The accepted contexts by id: what was proposed joined with what was answered. */
export function acceptedContexts(
  proposed: readonly ProposedContext[],
  answered: readonly NegotiatedContext[],
): Map<number, AcceptedContext> {
  const accepted = new Map<number, AcceptedContext>();
  for (const { id, result, transferSyntax } of answered) {
    const asked = proposed.find((context) => context.id === id);
    if (result === 0 && asked !== undefined)
      accepted.set(id, { id, abstractSyntax: asked.abstractSyntax, transferSyntax });
  }
  return accepted;
}
