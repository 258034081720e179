import { BlockList, isIP } from 'node:net';
import { WpcloneError } from './errors.ts';

/** Addresses that are no host of the internet: of this machine, its networks and its providers (RFC 6890, RFC 6052). */
const PRIVATE_NETWORKS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  // Azure's own service to its machines: keys and settings of them are asked for there.
  '168.63.129.16/32',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  // Old ways to write an IPv4 address, and tunnels to one (RFC 4291 2.5.5.1, RFC 4380, RFC 3056).
  '::/96',
  '2001::/32',
  '2002::/16',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
];

const typeOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const PRIVATE = listOf(PRIVATE_NETWORKS);

/** False for what is no address. An IPv4 address that is written as IPv6 is taken for what it is. */
export const isPrivateAddress = (address: string): boolean =>
  isIP(address) !== 0 && PRIVATE.check(address, typeOf(address));

/** Networks as `10.0.0.0/8` or single addresses. Throws BAD_INPUT. */
export function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    const size = bits === undefined ? most : Number(bits);
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits ?? '0') || size > most) {
      throw new WpcloneError('BAD_INPUT', `"${network}" is not a network such as 10.0.0.0/8.`);
    }
    list.addSubnet(address, size, typeOf(address));
  }
  return list;
}

/** Whether an address is public or in one of the networks. */
export function canReach(networks: readonly string[]): (address: string) => boolean {
  const allowed = listOf(networks);
  return (address) => !isPrivateAddress(address) || allowed.check(address, typeOf(address));
}
