import type { ErrorEntry } from './coded-error.ts';

export const linkErrors = {
} as const satisfies Record<string, ErrorEntry>;
