import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Always from the compiled form, also when the caller is a test. */
const compiled = new URL(import.meta.url.includes('/dist/') ? './' : '../../dist/bench/infer/', import.meta.url);
const HANG_MS = 600_000;

/** Gives a program of this folder one order, in a process of its own, and returns its one answer. */
export async function askProgram<Order extends object, Answer>(name: string, order: Order): Promise<Answer> {
  const file = fileURLToPath(new URL(name, compiled));
  const child = fork(file, { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  try {
    child.send(order);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${String(code)}`);
    });
    ended.catch(() => undefined);
    const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
    return answer;
  } finally {
    clearTimeout(guard);
    child.kill('SIGKILL');
  }
}
