import type { StoreSink } from '../../dimse/index.ts';

/**
 * Which study an association is in the middle of: that of the last image it brought. What it is sending now most
 * likely belongs there too, though nobody knows before the object is whole and its header is read.
 */
export type Arrivals = {
  /** Bytes came, or an object was announced. */
  heard(associationId: string, at_ms: number): void;
  /** A whole image came. */
  brought(associationId: string, studyInstanceUid: string): void;
  /** When bytes last came on an association that is in the middle of this study; undefined when on none. */
  lastActivity_ms(studyInstanceUid: string): number | undefined;
  /** Associations that are remembered: no more studies than that can be in the middle of arriving. */
  count(): number;
};

/**
 * @param memory_ms silence after which an association is forgotten; at least the quiet time of a study. So their number
 *   is bounded by the associations that the node takes at a time, and those that it closed within this time.
 */
export function createArrivals(memory_ms: number): Arrivals {
  const associations = new Map<string, { study: string | undefined; heard_ms: number }>();

  /** The map is in the order of hearing, so the silent ones are first. */
  function forget(now_ms: number): void {
    for (const [id, { heard_ms }] of associations) {
      if (heard_ms > now_ms - memory_ms && heard_ms <= now_ms) return;
      associations.delete(id);
    }
  }

  return {
    heard(associationId, at_ms) {
      const study = associations.get(associationId)?.study;
      associations.delete(associationId);
      forget(at_ms);
      associations.set(associationId, { study, heard_ms: at_ms });
    },
    brought(associationId, studyInstanceUid) {
      const association = associations.get(associationId);
      if (association !== undefined) association.study = studyInstanceUid;
    },
    lastActivity_ms(studyInstanceUid) {
      let last_ms: number | undefined;
      for (const { study, heard_ms } of associations.values())
        if (study === studyInstanceUid) last_ms = Math.max(last_ms ?? heard_ms, heard_ms);
      return last_ms;
    },
    count: () => associations.size,
  };
}

/** The same sink; tells `arrivals` of everything that comes. */
export function watchArrivals(sink: StoreSink, arrivals: Arrivals, now: () => number): StoreSink {
  return {
    async begin(request) {
      arrivals.heard(request.associationId, now());
      const begun = await sink.begin(request);
      if (!begun.ok) return begun;
      const { value } = begun;
      return {
        ok: true,
        value: {
          async write(bytes) {
            arrivals.heard(request.associationId, now());
            await value.write(bytes);
          },
          commit: () => value.commit(),
          abort: () => value.abort(),
        },
      };
    },
  };
}
