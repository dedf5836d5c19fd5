/** A Node process that does nothing but tell how late its event loop is. */
import type { FromAgent, ToAgent } from './protocol.ts';
import { watchLoopDelay } from './loop-delay.ts';

const delay = watchLoopDelay();
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToAgent) => {
  if (message.type === 'reset-loop-delay') delay.reset();
  if (message.type === 'loop-delay') process.send?.({ type: 'loop-delay', p99_ms: delay.p99_ms() } satisfies FromAgent);
});
