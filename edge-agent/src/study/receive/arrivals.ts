import type { StoreSink } from '../../dimse/index.ts';

/** Studies of one association that are remembered; one that brings more leaves the oldest to the quiet time. */
export const STUDIES_MAX = 1_000;

type Place = { readonly study: string; readonly series: string };

/**
 * Which series an association is in the middle of: that of the last image it brought. What it is sending now most
 * likely belongs there too, though nobody knows before the object is whole and its header is read. And which studies it
 * has brought images of, until it is done.
 */
export type Arrivals = {
  /** Bytes came, or an object was announced. */
  heard(associationId: string, at_ms: number): void;
  /** A whole image came. */
  brought(associationId: string, studyInstanceUid: string, seriesInstanceUid: string): void;
  /** The association is over; returns the studies that it brought and that no other one is in the middle of. */
  ended(associationId: string): readonly string[];
  /** When bytes last came on an association that is in the middle of this study (or series); undefined when on none. */
  lastActivity_ms(studyInstanceUid: string, seriesInstanceUid?: string): number | undefined;
  /** Associations that are remembered: no more studies than that can be in the middle of arriving. */
  count(): number;
};

/**
 * @param memory_ms silence after which an association is forgotten; at least the quiet time of a study. So their number
 *   is bounded by the associations that the node takes at a time, and those that it closed within this time.
 */
export function createArrivals(memory_ms: number): Arrivals {
  const associations = new Map<string, { at: Place | undefined; heard_ms: number; studies: Set<string> }>();

  /** The map is in the order of hearing, so the silent ones are first. */
  function forget(now_ms: number): void {
    for (const [id, { heard_ms }] of associations) {
      if (heard_ms > now_ms - memory_ms && heard_ms <= now_ms) return;
      associations.delete(id);
    }
  }

  return {
    heard(associationId, at_ms) {
      const known = associations.get(associationId);
      associations.delete(associationId);
      forget(at_ms);
      associations.set(associationId, { at: known?.at, heard_ms: at_ms, studies: known?.studies ?? new Set() });
    },
    brought(associationId, study, series) {
      const association = associations.get(associationId);
      if (association === undefined) return;
      association.at = { study, series };
      association.studies.delete(study);
      association.studies.add(study);
      const [oldest] = association.studies;
      if (association.studies.size > STUDIES_MAX && oldest !== undefined) association.studies.delete(oldest);
    },
    ended(associationId) {
      const brought = associations.get(associationId)?.studies ?? [];
      associations.delete(associationId);
      const others = [...associations.values()];
      return [...brought].filter((study) => !others.some(({ studies }) => studies.has(study)));
    },
    lastActivity_ms(study, series) {
      let last_ms: number | undefined;
      for (const { at, heard_ms } of associations.values())
        if (at?.study === study && (series === undefined || at.series === series))
          last_ms = Math.max(last_ms ?? heard_ms, heard_ms);
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
