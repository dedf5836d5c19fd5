import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pdv } from '../upper-layer/pdu.ts';
import { type CommandSet, decodeCommandSet, encodeCommandSet } from './command-set.ts';
import { fragmentBytes, fragments } from './fragments.ts';
import { COMMAND_BYTES_MAX, createMessageReader } from './message-reader.ts';

const store: CommandSet = {
  commandField: 1,
  dataSetType: 1,
  messageId: 7,
  priority: 0,
  affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  affectedSopInstanceUid: '1.2.3',
};

/** The PDVs of a message cut into fragments of these sizes, over and over. */
function pdvsOf(bytes: Uint8Array, isCommand: boolean, sizes: readonly number[]): Pdv[] {
  const pdvs: Pdv[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length || turn === 0; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    const data = bytes.subarray(at, at + size);
    at += size;
    pdvs.push({ contextId: 1, isCommand, isLast: at >= bytes.length, data });
  }
  return pdvs;
}

function readAll(pdvs: readonly Pdv[]): { commands: CommandSet[]; data: Buffer } {
  const reader = createMessageReader();
  const commands: CommandSet[] = [];
  const data: Uint8Array[] = [];
  for (const pdv of pdvs) {
    const part = reader.push(pdv);
    if (!part.ok) throw new Error(part.error);
    if (part.value?.type === 'command') commands.push(part.value.command);
    if (part.value?.type === 'data') data.push(part.value.bytes);
  }
  expect(reader.inMessage()).toBe(false);
  return { commands, data: Buffer.concat(data) };
}

describe('messages', () => {
  it('come out the same however command and data set are cut into PDVs', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), sizes, sizes, (dataSet, commandSizes, dataSizes) => {
        const pdvs = [...pdvsOf(encodeCommandSet(store), true, commandSizes), ...pdvsOf(dataSet, false, dataSizes)];
        const { commands, data } = readAll([...pdvs, ...pdvs]);
        expect(commands).toEqual([store, store]);
        expect(data.equals(Buffer.concat([dataSet, dataSet]))).toBe(true);
      }),
    );
  });

  it('are refused when their order is broken', () => {
    const [command] = pdvsOf(encodeCommandSet(store), true, [1_000]);
    if (command === undefined) throw new Error('no PDV');
    const data: Pdv = { contextId: 1, isCommand: false, isLast: true, data: Buffer.alloc(2) };
    expect(createMessageReader().push(data).ok).toBe(false);
    const other = createMessageReader();
    other.push(command);
    expect(other.push({ ...data, contextId: 3 }).ok).toBe(false);
    const twice = createMessageReader();
    twice.push(command);
    expect(twice.push(command).ok).toBe(false);
    const endless = createMessageReader();
    expect(endless.push({ ...command, isLast: false, data: Buffer.alloc(COMMAND_BYTES_MAX + 1) }).ok).toBe(false);
  });

  it('end a command that is cut into ever more fragments without a byte', () => {
    const reader = createMessageReader();
    const empty = { contextId: 1, isCommand: true, isLast: false, data: Buffer.alloc(0) };
    let pushed = 0;
    while (pushed <= COMMAND_BYTES_MAX && reader.push(empty).ok) pushed += 1;
    expect(pushed).toBeLessThan(COMMAND_BYTES_MAX);
  });

  it('never throw, whatever bytes a command set has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const decoded = decodeCommandSet(Buffer.from(bytes));
        expect(typeof decoded.ok).toBe('boolean');
      }),
    );
  });

  it('carry a comment as an LO of at most 64 plain characters', () => {
    const long = decodeCommandSet(encodeCommandSet({ ...store, errorComment: `ü${'x'.repeat(99)}` }));
    expect(long).toMatchObject({ ok: true, value: { errorComment: `?${'x'.repeat(63)}` } });
  });
});

describe('fragments', () => {
  it('are full but for the last, the same for one piece as for many, and fit the peer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 12 }),
        fc.integer({ min: 8, max: 80 }),
        async (pieces, peerMax) => {
          const size = fragmentBytes(peerMax);
          expect(size + 6).toBeLessThanOrEqual(peerMax);
          const whole = Buffer.concat(pieces);
          async function* source() {
            for (const piece of pieces) yield piece;
          }
          const read = async (from: Uint8Array | AsyncIterable<Uint8Array>) => {
            const found: { hex: string; isLast: boolean }[] = [];
            for await (const { data, isLast } of fragments(from, size))
              found.push({ hex: Buffer.from(data).toString('hex'), isLast });
            return found;
          };
          const one = await read(whole);
          expect(await read(source())).toEqual(one);
          expect(one.map(({ hex }) => hex).join('')).toBe(whole.toString('hex'));
          expect(one.map(({ isLast }) => isLast)).toEqual(one.map((_, index) => index === one.length - 1));
          for (const { hex } of one.slice(0, -1)) expect(hex.length).toBe(size * 2);
        },
      ),
    );
  });
});
