import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, events, type Role, type State, step } from './state-machine.ts';

const states: State[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const roles: Role[] = ['requestor', 'acceptor'];
const pdus: Event[] = [
  'associate-ac',
  'associate-rj',
  'associate-rq',
  'p-data',
  'release-rq',
  'release-rp',
  'abort',
  'invalid-pdu',
];
/** Those in which bytes can arrive: a transport connection is there. */
const connected = states.filter((state) => state !== 1 && state !== 4);

describe('the state machine of PS3.8 §9.2', () => {
  it('has an answer to every PDU in every state with a transport connection', () => {
    for (const state of connected)
      for (const pdu of pdus)
        for (const role of roles) expect(step(state, pdu, role), `${pdu} in Sta${state}`).toBeDefined();
  });

  it('goes to Sta1 from every state when the transport closes', () => {
    for (const state of states.filter((s) => s !== 1))
      expect(step(state, 'transport-closed', 'acceptor')?.next).toBe(1);
  });

  it('closes when the ARTIM timer expires where it runs', () => {
    for (const state of [2, 13] as const) {
      const expired = step(state, 'artim-expired', 'acceptor');
      expect(expired).toMatchObject({ action: 'AA-2', next: 1 });
      expect(expired?.effects).toContain('close');
    }
  });

  it.each<[State, Event, Role, string, State]>([
    [1, 'transport-indication', 'acceptor', 'AE-5', 2],
    [2, 'associate-rq', 'acceptor', 'AE-6', 3],
    [3, 'associate-accept', 'acceptor', 'AE-7', 6],
    [3, 'associate-reject', 'acceptor', 'AE-8', 13],
    [4, 'transport-connected', 'requestor', 'AE-2', 5],
    [5, 'associate-ac', 'requestor', 'AE-3', 6],
    [5, 'associate-rj', 'requestor', 'AE-4', 1],
    [6, 'p-data', 'acceptor', 'DT-2', 6],
    [6, 'release-rq', 'acceptor', 'AR-2', 8],
    [8, 'release-response', 'acceptor', 'AR-4', 13],
    [6, 'release-request', 'requestor', 'AR-1', 7],
    [7, 'release-rp', 'requestor', 'AR-3', 1],
    [7, 'release-rq', 'requestor', 'AR-8', 9],
    [7, 'release-rq', 'acceptor', 'AR-8', 10],
    [9, 'release-response', 'requestor', 'AR-9', 11],
    [10, 'release-rp', 'acceptor', 'AR-10', 12],
    [12, 'release-response', 'acceptor', 'AR-4', 13],
    [6, 'associate-rq', 'acceptor', 'AA-8', 13],
    [2, 'p-data', 'acceptor', 'AA-1', 13],
    [6, 'abort', 'acceptor', 'AA-3', 1],
    [6, 'abort-request', 'acceptor', 'AA-1', 13],
    [13, 'p-data', 'acceptor', 'AA-6', 13],
    [13, 'associate-rq', 'acceptor', 'AA-7', 13],
  ])('Sta%i, %s as %s: %s to Sta%i', (state, event, role, action, next) => {
    expect(step(state, event, role)).toMatchObject({ action, next });
  });

  it('reaches no state, by whatever comes, in which something else could come that has no answer', () => {
    const fromPeer: Event[] = [...pdus, 'transport-closed'];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...events), { maxLength: 40 }),
        fc.constantFrom(...roles),
        (sequence, role) => {
          let state: State = role === 'acceptor' ? 1 : 4;
          for (const event of sequence) {
            const found = step(state, event, role);
            if (found === undefined) continue;
            state = found.next;
            if (state === 1) break; // The transport is gone, and the machine with it.
            const unanswered = state === 4 ? [] : fromPeer.filter((one) => step(state, one, role) === undefined);
            expect(unanswered).toEqual([]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('has the cells that Table 9-10 has, and no other', () => {
    const local: Partial<Record<Event, readonly number[]>> = {
      'associate-request': [1],
      'transport-connected': [4],
      'transport-indication': [1],
      'associate-accept': [3],
      'associate-reject': [3],
      'data-request': [6, 8],
      'release-request': [6],
      'release-response': [8, 9, 12],
      'abort-request': [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      'transport-closed': states.filter((state) => state !== 1),
      'artim-expired': [2, 13],
    };
    expect(events).toHaveLength(19);
    for (const event of events) {
      const cells = states.filter((state) => step(state, event, 'acceptor') !== undefined);
      expect({ event, cells }).toEqual({ event, cells: local[event] ?? connected });
    }
  });

  it('runs the ARTIM timer in Sta2 and Sta13 and nowhere else, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...events), { maxLength: 30 }),
        fc.constantFrom(...roles),
        (sequence, role) => {
          let state: State = role === 'acceptor' ? 1 : 4;
          let runs = false;
          for (const event of sequence) {
            const found = step(state, event, role);
            if (found === undefined) continue;
            state = found.next;
            for (const effect of found.effects) {
              if (effect === 'start-artim') runs = true;
              if (effect === 'stop-artim' || effect === 'close') runs = false;
            }
            if (state === 1) runs = false; // The adapter clears it with the transport.
            expect(runs).toBe(state === 2 || state === 13);
          }
        },
      ),
    );
  });
});
