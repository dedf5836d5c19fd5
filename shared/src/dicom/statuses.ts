/** C-STORE statuses (PS3.4 Table B.2-1, PS3.7 Annex C) and what each means for a repeat. */
export type StoreStatus = {
  readonly code: number;
  readonly name: string;
  /** What a sender does with the object after this answer. */
  readonly sender: 'done' | 'again-later' | 'give-up';
};

export const storeStatuses = {
  success: { code: 0x0000, name: 'success', sender: 'done' },
  processingFailure: { code: 0x0110, name: 'processing failure', sender: 'again-later' },
  duplicateSopInstance: { code: 0x0111, name: 'duplicate SOP instance', sender: 'done' },
  invalidObjectInstance: { code: 0x0117, name: 'invalid object instance', sender: 'give-up' },
  sopClassNotSupported: { code: 0x0122, name: 'SOP class not supported', sender: 'give-up' },
  notAuthorized: { code: 0x0124, name: 'not authorized', sender: 'give-up' },
  duplicateInvocation: { code: 0x0210, name: 'duplicate invocation', sender: 'again-later' },
  unrecognizedOperation: { code: 0x0211, name: 'unrecognized operation', sender: 'give-up' },
  mistypedArgument: { code: 0x0212, name: 'mistyped argument', sender: 'give-up' },
  outOfResources: { code: 0xa700, name: 'out of resources', sender: 'again-later' },
  dataSetDoesNotMatchSopClass: { code: 0xa900, name: 'data set does not match SOP class', sender: 'give-up' },
  cannotUnderstand: { code: 0xc000, name: 'cannot understand', sender: 'give-up' },
  coercionOfDataElements: { code: 0xb000, name: 'coercion of data elements', sender: 'done' },
  elementsDiscarded: { code: 0xb006, name: 'elements discarded', sender: 'done' },
  dataSetDoesNotMatchSopClassWarning: {
    code: 0xb007,
    name: 'data set does not match SOP class (stored)',
    sender: 'done',
  },
} as const satisfies Record<string, StoreStatus>;

/**
 * The meaning of a status that a peer answered with. A700 to A7FF, A900 to A9FF, Cxxx and Bxxx are ranges;
 * a status that no table names is a failure that a repeat may cure.
 */
export function storeStatus(code: number): StoreStatus {
  const exact = Object.values<StoreStatus>(storeStatuses).find((entry) => entry.code === code);
  if (exact !== undefined) return exact;
  if ((code & 0xff00) === 0xa700) return { ...storeStatuses.outOfResources, code };
  if ((code & 0xff00) === 0xa900) return { ...storeStatuses.dataSetDoesNotMatchSopClass, code };
  if ((code & 0xf000) === 0xc000) return { ...storeStatuses.cannotUnderstand, code };
  if ((code & 0xf000) === 0xb000) return { code, name: 'stored with a warning', sender: 'done' };
  return { code, name: 'unknown status', sender: 'again-later' };
}

/** As people write it: `A700H`. */
export const statusText = (code: number): string => `${code.toString(16).toUpperCase().padStart(4, '0')}H`;
