/** A STOW-RS server as a program of its own, to be killed and to be measured. Usage: stow-program.js DATA_DIR */
import { join } from 'node:path';
import { openLinesIndex } from '../dimse/lines-index.ts';
import { startStowNode } from './stow-node.ts';

const [dataDir = ''] = process.argv.slice(2);
const { url } = await startStowNode(dataDir, await openLinesIndex(join(dataDir, 'index.jsonl')));
process.stdout.write(`listening ${url}\n`);
