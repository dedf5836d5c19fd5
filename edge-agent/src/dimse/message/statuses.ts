/** DIMSE status codes that this library answers with of its own accord (PS3.7 Annex C, PS3.4 Table B.2-1). */
export const status = {
  success: 0x0000,
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  noSuchEventType: 0x0113,
  invalidArgumentValue: 0x0115,
  invalidObjectInstance: 0x0117,
  sopClassNotSupported: 0x0122,
  noSuchAction: 0x0123,
  unrecognizedOperation: 0x0211,
  resourceLimitation: 0x0213,
  cannotUnderstand: 0xc000,
  /** C-FIND ended by a C-CANCEL (PS3.4 Table C.4-1). */
  cancelled: 0xfe00,
} as const;

/** A C-FIND response with a match, or the progress of a C-MOVE, and more to come (PS3.4 Tables C.4-1, C.4-2). */
export const isPending = (code: number): boolean => code === 0xff00 || code === 0xff01;

export const isSuccess = (code: number): boolean => code === status.success || (code & 0xf000) === 0xb000;
