import pino from 'pino';
import { eventRegistry } from '../events/registry.ts';
import type { Log } from './log.ts';

export type LoggerOptions = {
  readonly program: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Where lines go; standard error when not given, because standard output is for results. */
  readonly destination?: pino.DestinationStream;
};

/** JSON lines, one an event: `{level, time, program, event, msg, …fields}`. Unregistered fields are dropped. */
export function createLogger(options: LoggerOptions): Log {
  const logger = pino(
    {
      level: options.level,
      base: { program: options.program },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
  return {
    event(name, fields) {
      const entry = eventRegistry[name];
      const known: Record<string, unknown> = { event: name };
      for (const field of entry.fields) {
        const value = (fields as Record<string, unknown> | undefined)?.[field];
        if (value !== undefined) known[field] = value;
      }
      logger[entry.level](known, entry.text);
    },
  };
}
