import { writeFileSync } from 'node:fs';
import { conformanceStatement } from './conformance/statement.ts';
import { metricsPage } from './metrics-page.ts';

/** Writes the generated pages of the appliance; `npm run docs` runs it. */
writeFileSync(new URL('../../docs/conformance-statement.md', import.meta.url), conformanceStatement());
writeFileSync(new URL('../../docs/metrics.md', import.meta.url), metricsPage());
