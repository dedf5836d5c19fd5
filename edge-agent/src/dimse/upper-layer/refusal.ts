import type { AssociateRj } from './pdu.ts';

/** Why an association is refused: what goes into the A-ASSOCIATE-RJ (PS3.8 Table 9-21), and the same in words for our log. */
export type Refusal = {
  readonly result: 1 | 2;
  readonly source: 1 | 2 | 3;
  readonly reason: number;
  readonly why: string;
  /** The bound that was reached, where that is the reason. */
  readonly limit?: 'associations' | 'source-associations' | 'congestion';
};

/** Every refusal of ours (PS3.8 Table 9-21): permanent where a configuration has to change, transient where a wait helps. */
export const refusals = {
  protocolVersion: { result: 1, source: 2, reason: 2 },
  callingAeTitle: { result: 1, source: 1, reason: 3 },
  calledAeTitle: { result: 1, source: 1, reason: 7 },
  applicationContext: { result: 1, source: 1, reason: 2 },
  userIdentity: { result: 1, source: 1, reason: 1 },
  congestion: { result: 2, source: 3, reason: 1, limit: 'congestion' },
  associations: { result: 2, source: 3, reason: 2, limit: 'associations' },
  sourceAssociations: { result: 2, source: 3, reason: 1, limit: 'source-associations' },
} as const satisfies Readonly<Record<string, Omit<Refusal, 'why'>>>;

const texts: Readonly<Record<string, string>> = {
  '1.1': 'no reason given',
  '1.2': 'application context name not supported',
  '1.3': 'calling AE title not recognized',
  '1.7': 'called AE title not recognized',
  '2.1': 'no reason given',
  '2.2': 'protocol version not supported',
  '3.1': 'temporary congestion',
  '3.2': 'local limit exceeded',
};

/** The words of PS3.8 Table 9-21 for a refusal that we received. */
export function refusalText(rj: Pick<AssociateRj, 'result' | 'source' | 'reason'>): string {
  const text = texts[`${rj.source}.${rj.reason}`] ?? `source ${rj.source} reason ${rj.reason}`;
  return `${rj.result === 2 ? 'rejected for now' : 'rejected'}: ${text}`;
}

/** Whether trying again later can help: result 2 is "rejected-transient". */
export const isTransient = (rj: Pick<AssociateRj, 'result'>): boolean => rj.result === 2;
