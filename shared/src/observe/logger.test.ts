import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

test('an event is one JSON line with its registered fields and no other', () => {
  const lines: string[] = [];
  const log = createLogger({
    program: 'hub',
    level: 'info',
    destination: { write: (line: string) => void lines.push(line) },
  });
  log.event('program-stopping', { signal: 'SIGTERM', patient: 'DOE^JANE' } as never);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    program: 'hub',
    event: 'program-stopping',
    signal: 'SIGTERM',
  });
  expect(lines[0]).not.toContain('DOE');
});
