import type { ErrorEntry } from './coded-error.ts';

export const provisioningErrors = {} as const satisfies Record<string, ErrorEntry>;
