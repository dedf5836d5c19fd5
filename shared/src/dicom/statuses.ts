/** C-STORE statuses (PS3.4 Table B.2-1, PS3.7 Annex C). What a sender does after one, its retry policy says. */
export type StoreStatus = { readonly code: number; readonly name: string };

export const storeStatuses = {
  success: { code: 0x0000, name: 'success' },
  processingFailure: { code: 0x0110, name: 'processing failure' },
  duplicateSopInstance: { code: 0x0111, name: 'duplicate SOP instance' },
  invalidObjectInstance: { code: 0x0117, name: 'invalid object instance' },
  sopClassNotSupported: { code: 0x0122, name: 'SOP class not supported' },
  notAuthorized: { code: 0x0124, name: 'not authorized' },
  duplicateInvocation: { code: 0x0210, name: 'duplicate invocation' },
  unrecognizedOperation: { code: 0x0211, name: 'unrecognized operation' },
  mistypedArgument: { code: 0x0212, name: 'mistyped argument' },
  outOfResources: { code: 0xa700, name: 'out of resources' },
  dataSetDoesNotMatchSopClass: { code: 0xa900, name: 'data set does not match SOP class' },
  cannotUnderstand: { code: 0xc000, name: 'cannot understand' },
  coercionOfDataElements: { code: 0xb000, name: 'coercion of data elements' },
  elementsDiscarded: { code: 0xb006, name: 'elements discarded' },
  dataSetDoesNotMatchSopClassWarning: {
    code: 0xb007,
    name: 'data set does not match SOP class (stored)',
  },
} as const satisfies Record<string, StoreStatus>;

/** The name of a status that a peer answered with. A700 to A7FF, A900 to A9FF, Cxxx and Bxxx are ranges. */
export function storeStatus(code: number): StoreStatus {
  const exact = Object.values<StoreStatus>(storeStatuses).find((entry) => entry.code === code);
  if (exact !== undefined) return exact;
  if ((code & 0xff00) === 0xa700) return { ...storeStatuses.outOfResources, code };
  if ((code & 0xff00) === 0xa900) return { ...storeStatuses.dataSetDoesNotMatchSopClass, code };
  if ((code & 0xf000) === 0xc000) return { ...storeStatuses.cannotUnderstand, code };
  if ((code & 0xf000) === 0xb000) return { code, name: 'stored with a warning' };
  return { code, name: 'unknown status' };
}

/** As people write it: `A700H`. */
export const statusText = (code: number): string => `${code.toString(16).toUpperCase().padStart(4, '0')}H`;
