import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import { isCoded } from '@collimator/shared/errors/coded-error';
import type { Refusal } from '@collimator/shared/release/refusal';

/** Whether it may pass by itself (a link, a disk) and is no verdict on the release. */
export const isTransient = ({ code }: Refusal): boolean => errorCatalogue[code].class === 'transient';

/** What an exception says about our work, if it is one of ours. */
export const refusalOf = (error: unknown): Refusal | undefined =>
  isCoded(error) ? { code: error.code satisfies ErrorCode, detail: error.detail } : undefined;

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
