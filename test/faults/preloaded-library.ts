import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { checkout } from '../demo/checkout.ts';

/**
 * Compiles a library for LD_PRELOAD into a folder of the test.
 *
 * @param source below test/faults
 */
export function compilePreloaded(source: string, into: string): string {
  const library = join(into, `${source.replaceAll('/', '-').replace(/\.c$/, '')}.so`);
  const path = join(checkout, 'test', 'faults', source);
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, path, '-ldl', '-pthread']);
  return library;
}
