import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseXid } from './xid-parser.ts';

it.each([
  ["NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.", '0000:3b:00', 79],
  ['[ 12.5] NVRM: Xid (PCI:0000:17:00 GPU-I:05): 43, pid=2, name=node', '0000:17:00', 43],
  ['NVRM: Xid (0000:AF:00): 13, Graphics Exception', '0000:af:00', 13],
  ['NVRM: Xid (PCI:0000:05:00.0): 48', '0000:05:00', 48],
])('%j is an error', (line, pci, code) => expect(parseXid(line)).toEqual({ pci, code }));

it.each([
  '',
  'NVRM: loading',
  'NVRM: Xid (PCI:0000:3b:00): many',
  'Xid 79',
  `NVRM: Xid (PCI:0000:3b:00): 79, ${'x'.repeat(5_000)}`,
])('%j is none', (line) => expect(parseXid(line)).toBeUndefined());

it('never throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseXid(`NVRM: Xid (PCI:${text}`)?.code ?? 0).toBeLessThan(10_000);
    }),
  );
});
