import type { Ask, Sample } from './ask.ts';

/** What one destination still has to get, at the moment of a scrape. */
export type DestinationFigures = {
  readonly destination: string;
  readonly pending: number;
  readonly held: number;
  readonly failed: number;
  /** Of the oldest pending result, s; 0 when none is pending. */
  readonly oldest_s: number;
  /** Nothing can be sent there at present. */
  readonly away: boolean;
  /** Sent, and its storage commitment is still to come; and what could not be committed. */
  readonly uncommitted: number;
  readonly commitmentFailed: number;
};

/** Figures by destination; its name is the configuration's and leads to no patient. */
export function addDeliveryMetrics(ask: Ask, destinations: () => readonly DestinationFigures[]): void {
  ask(
    'collimator_destination_deliveries',
    'Results that a destination is still to get, or could not get, by state',
    ['destination', 'state'],
    () =>
      destinations().flatMap(({ destination, pending, held, failed }): Sample[] => [
        [{ destination, state: 'pending' }, pending],
        [{ destination, state: 'held' }, held],
        [{ destination, state: 'failed' }, failed],
      ]),
  );
  ask('collimator_destination_oldest_pending_seconds', 'Age of the oldest pending result', ['destination'], () =>
    destinations().map(({ destination, oldest_s }): Sample => [{ destination }, oldest_s]),
  );
  ask('collimator_destination_away', 'Whether nothing can be sent to a destination at present', ['destination'], () =>
    destinations().map(({ destination, away }): Sample => [{ destination }, Number(away)]),
  );
  ask(
    'collimator_destination_commitments',
    'Results that were sent, by the state of their storage commitment',
    ['destination', 'state'],
    () =>
      destinations().flatMap(({ destination, uncommitted, commitmentFailed }): Sample[] => [
        [{ destination, state: 'open' }, uncommitted],
        [{ destination, state: 'failed' }, commitmentFailed],
      ]),
  );
}
