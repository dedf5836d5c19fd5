import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  decodeCommitmentReport,
  decodeCommitmentRequest,
  decodeFindIdentifier,
  messageTransferSyntaxes,
} from '@collimator/edge-agent/dimse/index';
import { decodeCommandSet } from '@collimator/edge-agent/dimse/message/command-set';
import { createMessageReader } from '@collimator/edge-agent/dimse/message/message-reader';
import { decodePdu } from '@collimator/edge-agent/dimse/upper-layer/pdu-decode';
import { encodePdu } from '@collimator/edge-agent/dimse/upper-layer/pdu-encode';
import { createPduReader } from '@collimator/edge-agent/dimse/upper-layer/pdu-reader';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputs } from './campaign.ts';
import { type Edit, mutate, someEdits } from './mutations.ts';

const INPUTS = inputs({ short: 20_000, long: 1_000_000 });
const PDU_BYTES_MAX = 131_072;
/** What is held for one PDU: the longest of an association, or of data, and its header. */
const HELD_BYTES_MAX = 262_144 + 6;
/** A guard against a hang, and nothing else: an input takes far less than a millisecond. */
const INPUT_MS_MAX = 10_000;
/** Far more than the tests need, far less than inputs that stay in memory would take. */
const GROWTH_BYTES_MAX = 400 * 1024 * 1024;

const folder = fileURLToPath(new URL('../fixtures/associations/', import.meta.url));
const streams = readdirSync(folder)
  .filter((name) => name.endsWith('.bin'))
  .toSorted()
  .map((name) => readFileSync(new URL(name, `file://${folder}`)));

type Seeds = { readonly pdus: Buffer[]; readonly commands: Buffer[]; readonly dataSets: Buffer[] };

/** What the recordings are made of: whole PDUs, command sets, and the small data sets of requests and reports. */
function seedsOf(all: readonly Buffer[]): Seeds {
  const seeds: Seeds = { pdus: [], commands: [], dataSets: [] };
  for (const stream of all) {
    const parts = new Map<boolean, Buffer[]>();
    for (const pdu of createPduReader(PDU_BYTES_MAX).push(stream)) {
      if (!pdu.ok) throw new Error(pdu.error.why);
      const bytes = encodePdu(pdu.value);
      if (bytes.length < 4_096) seeds.pdus.push(bytes);
      if (pdu.value.type !== 'p-data') continue;
      for (const { isCommand, isLast, data } of pdu.value.pdvs) {
        const held = [...(parts.get(isCommand) ?? []), Buffer.from(data)];
        parts.set(isCommand, isLast ? [] : held);
        const whole = Buffer.concat(held);
        if (isLast && whole.length < 4_096) (isCommand ? seeds.commands : seeds.dataSets).push(whole);
      }
    }
  }
  return seeds;
}

const seeds = seedsOf(streams);

type Input = {
  readonly target: 'stream' | 'pdu' | 'command' | 'data-set' | 'noise';
  readonly seed: number;
  readonly edits: readonly Edit[];
  readonly cut: number;
  readonly noise: Uint8Array;
};

const input: fc.Arbitrary<Input> = fc.record({
  target: fc.constantFrom('stream', 'pdu', 'pdu', 'command', 'command', 'data-set', 'data-set', 'noise'),
  seed: fc.nat(0xffff),
  edits: someEdits,
  cut: fc.integer({ min: 1, max: 5_000 }),
  noise: fc.uint8Array({ maxLength: 64 }),
});

const seedOf = (all: readonly Buffer[], index: number): Buffer => all[index % all.length] ?? Buffer.alloc(0);

/** A stream, cut into pieces, through everything that reads it at the acceptor. */
function readStream(bytes: Buffer, cut: number): void {
  const pdus = createPduReader(PDU_BYTES_MAX);
  const messages = createMessageReader();
  for (let at = 0; at < bytes.length; at += cut) {
    for (const pdu of pdus.push(bytes.subarray(at, at + cut))) {
      if (!pdu.ok) return;
      if (pdu.value.type !== 'p-data') {
        const written = encodePdu(pdu.value);
        const again = decodePdu(written.readUInt8(0), written.subarray(6));
        if (!again.ok || again.value.type !== pdu.value.type) throw new Error('a PDU does not come back');
        continue;
      }
      for (const pdv of pdu.value.pdvs) if (!messages.push(pdv).ok) return;
    }
    if (pdus.pendingBytes() > HELD_BYTES_MAX) throw new Error(`${pdus.pendingBytes()} bytes are held`);
  }
}

function readDataSet(bytes: Buffer): void {
  for (const syntax of messageTransferSyntaxes) {
    decodeCommitmentRequest(bytes, syntax);
    decodeCommitmentReport(bytes, syntax);
    decodeFindIdentifier(bytes, syntax);
  }
}

function feed(one: Input): void {
  const { target, seed, cut } = one;
  if (target === 'noise') {
    const bytes = Buffer.from(one.noise);
    readStream(bytes, cut);
    decodeCommandSet(bytes);
    readDataSet(bytes);
    for (let type = 0; type <= 8; type += 1) decodePdu(type, bytes);
  } else if (target === 'stream') readStream(mutate(seedOf(streams, seed), one), cut);
  else if (target === 'pdu') readStream(mutate(seedOf(seeds.pdus, seed), one), cut);
  else if (target === 'command') decodeCommandSet(mutate(seedOf(seeds.commands, seed), one));
  else readDataSet(mutate(seedOf(seeds.dataSets, seed), one));
}

describe('the PDU and DIMSE parsers', () => {
  it('have recordings of every kind to start from', () => {
    expect(streams.length).toBeGreaterThanOrEqual(12);
    expect(seeds.pdus.length).toBeGreaterThan(20);
    expect(seeds.commands.length).toBeGreaterThan(10);
    expect(seeds.dataSets.length).toBeGreaterThan(3);
    for (const stream of streams) readStream(stream, 1_000);
  });

  it(`neither throw, nor hang, nor hold what they should not, over ${INPUTS} inputs`, () => {
    const before = process.memoryUsage().rss;
    let slowest_ms = 0;
    let most = before;
    let count = 0;
    fc.assert(
      fc.property(input, (one) => {
        const started = performance.now();
        feed(one);
        slowest_ms = Math.max(slowest_ms, performance.now() - started);
        count += 1;
        if (count % 5_000 === 0) most = Math.max(most, process.memoryUsage().rss);
      }),
      { numRuns: INPUTS, endOnFailure: true },
    );
    process.stdout.write(
      `${count} inputs, slowest ${slowest_ms.toFixed(1)} ms, memory grew by ${Math.round((most - before) / 2 ** 20)} MiB\n`,
    );
    expect(slowest_ms).toBeLessThan(INPUT_MS_MAX);
    expect(most - before).toBeLessThan(GROWTH_BYTES_MAX);
  }, 3_600_000);

  it('refuse a header of 4 GiB from its six bytes alone', () => {
    for (const type of [1, 2, 3, 4, 5, 6, 7, 8, 0xff]) {
      const reader = createPduReader(PDU_BYTES_MAX);
      const [found] = [...reader.push(Buffer.from([type, 0, 0xff, 0xff, 0xff, 0xff]))];
      expect(found?.ok).toBe(false);
      expect(reader.pendingBytes()).toBe(0);
      // The framing is lost; whatever follows is not looked at, nor kept.
      expect([...reader.push(Buffer.alloc(1_000_000))]).toEqual([]);
      expect(reader.pendingBytes()).toBe(0);
    }
  });
});
