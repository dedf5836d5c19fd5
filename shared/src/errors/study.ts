import type { ErrorEntry } from './coded-error.ts';

export const studyErrors = {} as const satisfies Record<string, ErrorEntry>;
