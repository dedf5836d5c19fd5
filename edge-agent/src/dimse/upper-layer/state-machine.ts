/**
 * The upper layer state machine as PS3.8 §9.2 tabulates it: Table 9-10 with the actions of Tables 9-6 to 9-9.
 * Pure: an event in a state gives an action, and an action is a next state and a list of effects for the adapter.
 */

/** Sta1 to Sta13 of PS3.8 Tables 9-1 to 9-5. */
export type State = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13;

export const stateNames: Readonly<Record<State, string>> = {
  1: 'idle',
  2: 'transport open, awaiting A-ASSOCIATE-RQ',
  3: 'awaiting local A-ASSOCIATE response',
  4: 'awaiting transport connection',
  5: 'awaiting A-ASSOCIATE-AC or -RJ',
  6: 'association established',
  7: 'awaiting A-RELEASE-RP',
  8: 'awaiting local A-RELEASE response',
  9: 'release collision, requestor, awaiting local A-RELEASE response',
  10: 'release collision, acceptor, awaiting A-RELEASE-RP',
  11: 'release collision, requestor, awaiting A-RELEASE-RP',
  12: 'release collision, acceptor, awaiting local A-RELEASE response',
  13: 'awaiting transport close',
};

export type Action =
  | `AE-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `DT-${1 | 2}`
  | `AR-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | `AA-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`;

/** What the adapter does, in this order. `send` and `indicate` concern the PDU or primitive that came with the event. */
export type Effect =
  | 'connect'
  | 'send'
  | 'send-abort-user'
  | 'send-abort-provider'
  | 'indicate'
  | 'indicate-provider-abort'
  | 'start-artim'
  | 'stop-artim'
  | 'close';

type Row = readonly [State, readonly Effect[]];

/** AE-6 always indicates: the refusal of a protocol version is a local decision like any other, and leaves by AE-8. AR-8 depends on the role. */
const actions: Readonly<Record<Exclude<Action, 'AR-8'>, Row>> = {
  'AE-1': [4, ['connect']],
  'AE-2': [5, ['send']],
  'AE-3': [6, ['indicate']],
  'AE-4': [1, ['indicate', 'close']],
  'AE-5': [2, ['start-artim']],
  'AE-6': [3, ['stop-artim', 'indicate']],
  'AE-7': [6, ['send']],
  'AE-8': [13, ['send', 'start-artim']],
  'DT-1': [6, ['send']],
  'DT-2': [6, ['indicate']],
  'AR-1': [7, ['send']],
  'AR-2': [8, ['indicate']],
  'AR-3': [1, ['indicate', 'close']],
  'AR-4': [13, ['send', 'start-artim']],
  'AR-5': [1, ['stop-artim']],
  'AR-6': [7, ['indicate']],
  'AR-7': [8, ['send']],
  'AR-9': [11, ['send']],
  'AR-10': [12, ['indicate']],
  'AA-1': [13, ['send-abort-user', 'start-artim']],
  'AA-2': [1, ['stop-artim', 'close']],
  'AA-3': [1, ['indicate', 'close']],
  'AA-4': [1, ['indicate-provider-abort']],
  'AA-5': [1, ['stop-artim']],
  'AA-6': [13, []],
  'AA-7': [13, ['send-abort-provider']],
  'AA-8': [13, ['send-abort-provider', 'indicate-provider-abort', 'start-artim']],
};

/** Columns Sta1 to Sta13; `-` is a cell that the standard leaves empty. */
const table = {
  'associate-request': 'AE-1 - - - - - - - - - - - -',
  'transport-connected': '- - - AE-2 - - - - - - - - -',
  'associate-ac': '- AA-1 AA-8 - AE-3 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'associate-rj': '- AA-1 AA-8 - AE-4 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'transport-indication': 'AE-5 - - - - - - - - - - - -',
  'associate-rq': '- AE-6 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7',
  'associate-accept': '- - AE-7 - - - - - - - - - -',
  'associate-reject': '- - AE-8 - - - - - - - - - -',
  'data-request': '- - - - - DT-1 - AR-7 - - - - -',
  'p-data': '- AA-1 AA-8 - AA-8 DT-2 AR-6 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'release-request': '- - - - - AR-1 - - - - - - -',
  'release-rq': '- AA-1 AA-8 - AA-8 AR-2 AR-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  'release-rp': '- AA-1 AA-8 - AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3 AA-8 AA-6',
  'release-response': '- - - - - - - AR-4 AR-9 - - AR-4 -',
  'abort-request': '- - AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 -',
  abort: '- AA-2 AA-3 - AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-2',
  'transport-closed': '- AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AR-5',
  'artim-expired': '- AA-2 - - - - - - - - - - AA-2',
  'invalid-pdu': '- AA-1 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7',
} as const;

/** The 19 events of Table 9-10; a PDU that arrives is an event of its own name. */
export type Event = keyof typeof table;
export const events = Object.keys(table) as readonly Event[];

export type Role = 'requestor' | 'acceptor';
export type Step = { readonly action: Action; readonly next: State; readonly effects: readonly Effect[] };

/**
 * One step of the machine.
 *
 * @returns undefined where the standard has no cell: for a local primitive a mistake of the caller,
 *   for a timer or a transport event one that came too late to matter
 */
export function step(state: State, event: Event, role: Role): Step | undefined {
  const cell = table[event].split(' ')[state - 1];
  if (cell === undefined || cell === '-') return undefined;
  const action = cell as Action;
  if (action === 'AR-8') return { action, next: role === 'requestor' ? 9 : 10, effects: ['indicate'] };
  const [next, effects] = actions[action];
  return { action, next, effects };
}
