import type { ErrorEntry } from './coded-error.ts';

export const trainingErrors = {
} as const satisfies Record<string, ErrorEntry>;
