/** The part of jpeg-lossless-decoder-js that is used: its package names types and ships none. */
declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    /** The samples, components side by side; what was not reached stays 0. */
    decode(
      buffer: ArrayBuffer,
      offset: number,
      length: number,
      bytesPerSample: number,
    ): Uint8Array | Uint16Array | null;
    /** Line after the last one that was decoded. */
    readonly yLoc: number;
    readonly stream: { readonly index: number } | null;
    /** Predictor 7: the mean of left and above. */
    select7(component?: number): number;
    getPreviousX(component?: number): number;
    getPreviousY(component?: number): number;
  }
}
