import type { Statement, StatementResult } from './store.ts';

/** One atomic write. From the store to its writer thread go all that came in one turn, or `'close'`. */
export type WriterRequest = { readonly id: number; readonly statements: readonly Statement[] };

/** From the writer, a group at a time, after the group's commit. */
export type WriterAnswer =
  | { readonly id: number; readonly ok: true; readonly results: readonly StatementResult[] }
  | {
      readonly id: number;
      readonly ok: false;
      readonly code: 'store-conflict' | 'store-unavailable';
      readonly detail: string;
    };
