import { askProgram } from './ask-program.ts';
import type { BareFigures, BareOrder } from './bare-loop.ts';

/** Runs bare loops beside each other, each in a process of its own. */
export const bareLoops = (count: number, order: BareOrder): Promise<BareFigures[]> =>
  Promise.all(Array.from({ length: count }, () => askProgram<BareOrder, BareFigures>('bare-loop.js', order)));
