import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { peakRss_mb, runningChildren, treeCpu_ms, treeRss_mb } from './process-tree.ts';

it('counts the time of children, those that are over included', async () => {
  const burn = 'const end = performance.now() + 200; while (performance.now() < end);';
  const shell = spawn('sh', ['-c', `"${process.execPath}" -e "${burn}"; echo done; read wait`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const pid = shell.pid ?? 0;
    await once(shell.stdout, 'data');
    expect(treeCpu_ms(pid)).toBeGreaterThanOrEqual(100);
    expect(runningChildren(pid)).toBe(0);
    expect(treeRss_mb(pid)).toBeGreaterThan(0.1);
    expect(peakRss_mb(pid)).toBeGreaterThanOrEqual(treeRss_mb(pid));
  } finally {
    shell.stdin.end('\n');
    await once(shell, 'close');
  }
});
