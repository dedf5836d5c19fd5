import type { RunSummary } from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';

export type RunListener = (run: RunSummary) => void;

/** Tells whoever watches a run about each change. */
export interface RunFeed {
  publish(run: RunSummary): void;
  /** Throws `request-too-many`. Returns the way to stop. */
  watch(id: string, listener: RunListener): () => void;
}

const watchersMax = 256;

export function createRunFeed(): RunFeed {
  const watchers = new Map<RunListener, string>();
  return {
    publish(run) {
      for (const [listener, id] of watchers) if (id === run.id) listener(run);
    },
    watch(id, listener) {
      if (watchers.size >= watchersMax) throw new CodedError('request-too-many', `${watchersMax} watch runs already`);
      watchers.set(listener, id);
      return () => void watchers.delete(listener);
    },
  };
}
