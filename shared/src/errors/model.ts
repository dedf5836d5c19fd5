import type { ErrorEntry } from './coded-error.ts';

export const modelErrors = {} as const satisfies Record<string, ErrorEntry>;
