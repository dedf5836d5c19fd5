import type { ErrorEntry } from './coded-error.ts';

export const dicomErrors = {} as const satisfies Record<string, ErrorEntry>;
