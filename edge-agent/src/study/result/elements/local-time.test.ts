import { describe, expect, it } from 'vitest';
import { text } from './element.ts';
import { localTime } from './local-time.ts';

const now = new Date('2026-11-23T23:30:05.007Z');

describe('the time of a result', () => {
  it.each([
    ['+0530', 0, { date: '20261124', time: '050005.007', dateTime: '20261124050005.007+0530' }],
    ['-0330', 60, { date: '20261123', time: '200005.007', dateTime: '20261123200005.007-0330' }],
    [undefined, 60, { date: '20261124', time: '003005.007', dateTime: '20261124003005.007+0100' }],
    ['nonsense', 0, { date: '20261123', time: '233005.007', dateTime: '20261123233005.007+0000' }],
  ])('follows the source at %s, else the appliance', (offset, utcOffset_min, wanted) => {
    const subject = offset === undefined ? [] : [text(0x00080201, 'SH', offset)];
    expect(localTime(now, subject, utcOffset_min)).toEqual(wanted);
  });
});
