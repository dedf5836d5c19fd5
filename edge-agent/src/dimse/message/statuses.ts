/** DIMSE status codes that this library answers with of its own accord (PS3.7 Annex C, PS3.4 Table B.2-1). */
export const status = {
  success: 0x0000,
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  invalidObjectInstance: 0x0117,
  sopClassNotSupported: 0x0122,
  unrecognizedOperation: 0x0211,
  cannotUnderstand: 0xc000,
} as const;

export const isSuccess = (code: number): boolean => code === status.success || (code & 0xf000) === 0xb000;
