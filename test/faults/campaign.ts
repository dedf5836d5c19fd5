/** `npm run test:faults` runs the long form of each campaign; `npm test` a short one of the same kind. */
export const isLong = process.env['COLLIMATOR_FAULTS'] === 'long';

/** How many rounds of a campaign to run; a single campaign can be given a number of its own for a search. */
export const rounds = (count: { readonly short: number; readonly long: number }): number =>
  Number(process.env['COLLIMATOR_FAULT_ROUNDS'] ?? (isLong ? count.long : count.short));

/** How many generated inputs to try. */
export const inputs = (count: { readonly short: number; readonly long: number }): number =>
  Number(process.env['COLLIMATOR_FUZZ_INPUTS'] ?? (isLong ? count.long : count.short));

/** Decides every random moment; printed with the rounds, so that one that failed can be run again. */
export const seed = Number(process.env['COLLIMATOR_FAULT_SEED'] ?? Date.now() % 1_000_000);
