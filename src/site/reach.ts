import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { WpcloneError } from '../shared/errors.ts';
import { canReach } from '../shared/networks.ts';

/**
 * Networks that may be connected to besides the public ones, such as `10.0.0.0/8`; without one, all may. For who lets others say what
 * is cloned: an address of theirs must not lead into the own network, by its name, by a redirect or by a name that changes its address.
 */
export type Reach = readonly string[];

type Options = buildConnector.BuildOptions;

/** Makes connections; one that would leave the reach is refused before it is made, each time anew. Its error is PRIVATE_ADDRESS. */
export function connectorWithin(reach: Reach, options: Options): buildConnector.connector {
  const may = canReach(reach);
  const connect = buildConnector({ ...options, lookup: lookupWithin(may) });
  return (target, done) => {
    const address = target.hostname.replaceAll(/[[\]]/g, '');
    // An address needs no look-up.
    if (isIP(address) !== 0 && !may(address)) done(refused(address), null);
    else connect(target, done);
  };
}

/** Options for a plain connection to a host that keep it within the reach. Throws PRIVATE_ADDRESS for an address; a name is looked up later. */
export function targetWithin(
  reach: Reach,
  hostname: string,
): { readonly host: string; readonly lookup: LookupFunction } {
  const may = canReach(reach);
  const host = hostname.replaceAll(/[[\]]/g, '');
  if (isIP(host) !== 0 && !may(host)) throw refused(host);
  return { host, lookup: lookupWithin(may) };
}

function lookupWithin(may: (address: string) => boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      // One is enough: which of them is taken is chance.
      if (!addresses.every(({ address }) => may(address))) return done(refused(hostname), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return done(null, addresses);
      return done(null, first.address, first.family);
    });
  };
}

const refused = (host: string): WpcloneError =>
  new WpcloneError('PRIVATE_ADDRESS', `${host} is an address of a private network, where this agent clones nothing.`, {
    details: { host },
  });
