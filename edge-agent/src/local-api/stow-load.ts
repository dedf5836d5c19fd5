import { err, ok, type Result } from '@collimator/shared/result';
import type { StowSource } from './stow-access.ts';
import type { StowRefusal } from './stow-request.ts';

/** Which bound was reached: a name for the metric. */
export type StowLimit = 'congestion' | 'requests' | 'source-requests';
export type StowBusy = StowRefusal & { readonly limit: StowLimit };

/** Requests that are under way. */
export type StowLoad = {
  /** Takes a place; the returned function gives it back, once. */
  enter(source: StowSource): Result<() => void, StowBusy>;
  readonly open: number;
};

/** @param congested why nothing should come now, or undefined */
export function createStowLoad(requestsMax: number, congested: () => string | undefined): StowLoad {
  const bySource = new Map<StowSource, number>();
  let open = 0;
  const busy = (limit: StowLimit, why: string): Result<never, StowBusy> =>
    err({ http: 503, code: 'stow-busy', limit, why });
  return {
    enter(source) {
      const why = congested();
      if (why !== undefined) return busy('congestion', why);
      if (open >= requestsMax) return busy('requests', `all ${requestsMax} requests are in use`);
      const mine = bySource.get(source) ?? 0;
      if (mine >= source.requestsMax)
        return busy('source-requests', `${source.name} has its ${source.requestsMax} requests`);
      open += 1;
      bySource.set(source, mine + 1);
      let left = false;
      return ok(() => {
        if (left) return;
        left = true;
        open -= 1;
        bySource.set(source, (bySource.get(source) ?? 1) - 1);
      });
    },
    get open() {
      return open;
    },
  };
}
