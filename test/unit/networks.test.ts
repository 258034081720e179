import { describe, expect, it } from 'vitest';
import { canReach, isPrivateAddress, listOf } from '../../src/shared/networks.ts';

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '::10.0.0.1',
    '2002:a00:1::1',
    '2001:0:a00:1::1',
  ])('%s is no host of the internet', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['93.184.216.34', '172.32.0.1', '168.63.129.17', '2606:2800:220:1:248:1893:25c8:1946', 'site.example'])(
    '%s may be',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );

  it('of a network that is allowed may be reached, and no others', () => {
    const may = canReach(['10.1.0.0/16', 'fd00::/8', '127.0.0.1']);
    expect(['10.1.9.9', 'fd12::1', '127.0.0.1', '93.184.216.34'].map(may)).toEqual([true, true, true, true]);
    expect(['10.2.0.1', '127.0.0.2', '169.254.169.254'].map(may)).toEqual([false, false, false]);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/x', 'site.example', '', '10.0.0.0/'])('"%s" is no network', (text) => {
    expect(() => listOf([text])).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});
