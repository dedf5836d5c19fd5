import { err, ok, type Result } from '@collimator/shared/result';

/** Whose requests are counted, and how many it may have at a time. */
export type Counted = { readonly name: string; readonly requestsMax: number };

/** Which bound was reached: a name for the metric. */
export type LoadLimit = 'requests' | 'source-requests';
export type Busy = { readonly limit: LoadLimit; readonly why: string };

/** Requests that are under way. */
export type RequestLoad = {
  /** Takes a place; the returned function gives it back, once. */
  enter(whose: Counted): Result<() => void, Busy>;
  readonly open: number;
};

export function createRequestLoad({ requestsMax }: { readonly requestsMax: number }): RequestLoad {
  const byOwner = new Map<Counted, number>();
  let open = 0;
  const busy = (limit: LoadLimit, why: string): Result<never, Busy> => err({ limit, why });
  return {
    enter(whose) {
      if (open >= requestsMax) return busy('requests', `all ${requestsMax} requests are in use`);
      const own = byOwner.get(whose) ?? 0;
      if (own >= whose.requestsMax)
        return busy('source-requests', `${whose.name} has its ${whose.requestsMax} requests`);
      open += 1;
      byOwner.set(whose, own + 1);
      let left = false;
      return ok(() => {
        if (left) return;
        left = true;
        open -= 1;
        byOwner.set(whose, (byOwner.get(whose) ?? 1) - 1);
      });
    },
    get open() {
      return open;
    },
  };
}
