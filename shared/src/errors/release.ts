import type { ErrorEntry } from './coded-error.ts';

export const releaseErrors = {} as const satisfies Record<string, ErrorEntry>;
