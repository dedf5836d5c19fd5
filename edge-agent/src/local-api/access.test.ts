import { describe, expect, it } from 'vitest';
import { identify, type Listed } from './access.ts';

const token = (value: string) => () => ({ ok: true, value }) as const;
const archive: Listed = { name: 'archive', address: '192.0.2.0/24', token: token('the-token-of-the-archive') };
const viewer: Listed = { name: 'viewer', address: '192.0.2.7', token: token('the-token-of-the-viewer') };
const both: Listed = { ...archive, name: 'both', certificateName: 'both.example.org' };
const here: Listed = { name: 'here', address: '0.0.0.0/0', unproved: true };

const who = (listed: readonly Listed[], address: string, shown?: string, certificateName?: string) => {
  const authorization = shown === undefined ? undefined : `Bearer ${shown}`;
  const found = identify({ address, authorization, certificateName }, listed);
  return found.ok ? found.value.name : found.error.http;
};

describe('who may use a route', () => {
  it('has what is said of it, all of it; the smallest block decides', () => {
    const same = { ...viewer, token: archive.token as () => { ok: true; value: string } };
    expect(who([archive, viewer], '192.0.2.9', 'the-token-of-the-archive')).toBe('archive');
    expect(who([archive, viewer], '192.0.2.7', 'the-token-of-the-archive')).toBe('archive');
    expect(who([archive, viewer], '192.0.2.7', 'the-token-of-the-viewer')).toBe('viewer');
    expect(who([archive, same], '192.0.2.7', 'the-token-of-the-archive')).toBe('viewer');
    expect(who([both], '192.0.2.9', 'the-token-of-the-archive')).toBe(401);
    expect(who([both], '192.0.2.9', undefined, 'both.example.org')).toBe(401);
    expect(who([both], '192.0.2.9', 'the-token-of-the-archive', 'both.example.org')).toBe('both');
  });

  it('is nobody with another token, a part of one, or from elsewhere', () => {
    for (const shown of [undefined, '', 'the-token-of-the', 'the-token-of-the-viewer'])
      expect(who([archive], '192.0.2.9', shown)).toBe(401);
    expect(who([archive], '198.51.100.1', 'the-token-of-the-archive')).toBe(403);
    const unreadable: Listed = { ...archive, token: () => ({ ok: false, error: 'vanished' }) };
    expect(who([unreadable], '192.0.2.9', '')).toBe(401);
    expect(who([{ name: 'open', address: '192.0.2.0/24' }], '192.0.2.9')).toBe(401);
  });

  it('needs no proof on this machine where that is said, and nowhere else, and a proof goes first', () => {
    expect(who([here], '127.0.0.1')).toBe('here');
    expect(who([here], '192.0.2.9')).toBe(401);
    const near: Listed = { ...archive, name: 'near', address: '127.0.0.0/8' };
    expect(who([{ ...here, address: '127.0.0.1' }, near], '127.0.0.1', 'the-token-of-the-archive')).toBe('near');
    expect(who([{ ...here, address: '127.0.0.1' }, near], '127.0.0.1')).toBe('here');
  });
});
