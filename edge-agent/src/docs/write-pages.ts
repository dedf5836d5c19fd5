import { writeFileSync } from 'node:fs';
import { conformanceStatement } from './conformance/statement.ts';

/** Writes the generated pages of the appliance; `npm run docs` runs it. */
writeFileSync(new URL('../../docs/conformance-statement.md', import.meta.url), conformanceStatement());
