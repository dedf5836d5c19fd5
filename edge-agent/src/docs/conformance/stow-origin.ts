import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import { documentedKeys } from '../../config/reference.ts';
import { blocks, table } from '../markdown.ts';
import { keyTable } from './product.ts';

const STOW = 'local_api.stow';

/** Whether the local API takes objects, as its configuration knows. */
export const takesStow = (): boolean => documentedKeys().some(({ path }) => path.startsWith(`${STOW}.`));

/** The local API as origin server of the Store transaction; empty where it takes nothing. */
export function stowOriginSection(): string {
  if (!takesStow()) return '';
  const told = Object.entries(errorCatalogue).filter(([code]) => code.startsWith('stow-'));
  return blocks(
    '#### 4.2.4 STOW-RS origin server',
    'Studies Service, Store transaction (PS3.18 §10.5), on the local API where `local_api.stow.enabled` says so. Objects are treated as those that come by C-STORE: the same durability before the answer, the same duplicates and quarantine, the same statuses, as Failure Reason and Warning Reason.',
    keyTable(STOW),
    table(
      ['code', 'when', 'remedy'],
      told.map(([code, { what, remedy }]) => [code, what, remedy]),
    ),
  );
}
