import { withoutWww } from '../../shared/site-address.ts';
import { domainToASCII, domainToUnicode } from 'node:url';
import { patternOf, segmentOf, type Segment } from './spellings.ts';
import type { UrlMapping } from './types.ts';

/** One address of the source, and what takes its place. */
export interface UrlRule {
  /** Without a default port; '' for the default of the scheme. */
  readonly port: string;
  readonly segments: readonly Segment[];
  /** Absent where the address already is the clone's: it is recognised and left alone. */
  readonly to: UrlTarget | undefined;
  /** The path is the same there, and stays as it is spelled. */
  readonly keepsPath: boolean;
}

export interface UrlTarget {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly segments: readonly string[];
}

/** One folder of the source, and what takes its place. */
export interface PathRule {
  /** '' for an absolute Unix path; the drive (C:) for a Windows path. */
  readonly root: string;
  readonly segments: readonly string[];
  readonly to: string | undefined;
}

/** A host name, and the rules for it with and without www, longest path first. */
export interface HostRules {
  /** A regular expression's source for the name without www, in latin1. */
  readonly pattern: string;
  /** The name itself, in lower case, when it is ASCII and has no other spelling. */
  readonly name: string | undefined;
  readonly bare: readonly UrlRule[];
  readonly www: readonly UrlRule[];
}

export interface CompiledMapping {
  readonly hosts: readonly HostRules[];
  /** Longest first. */
  readonly paths: readonly PathRule[];
}

/** Prepares a mapping for matching. Throws a TypeError when an address in it is not an absolute http(s) URL. */
export function compileMapping(mapping: UrlMapping): CompiledMapping {
  const byHost = new Map<string, UrlRule[]>();
  const add = (address: string, to: UrlTarget | undefined): void => {
    const { host, port, segments } = parse(address);
    const rules = byHost.get(host) ?? [];
    byHost.set(host, rules);
    if (
      !rules.some(
        (rule) => rule.port === port && rule.segments.map(({ name }) => name).join('/') === segments.join('/'),
      )
    ) {
      const keepsPath = to?.segments.join('/') === segments.join('/');
      rules.push({ port, segments: segments.map(segmentOf), to, keepsPath });
    }
  };
  for (const to of mapping.to) add(to, undefined);
  mapping.from.forEach((from, index) => {
    const to = mapping.to[index];
    if (to !== undefined) add(from, parse(to));
  });
  return { hosts: hostRules(byHost, sources(mapping)), paths: pathRules(mapping.paths) };
}

const sources = (mapping: UrlMapping): Set<string> => new Set(mapping.from.map((from) => parse(from).host));

/** Hosts that only the clone has are not searched for. */
function hostRules(byHost: ReadonlyMap<string, UrlRule[]>, wanted: ReadonlySet<string>): HostRules[] {
  const names = new Set([...wanted].map(withoutWww));
  const sorted = (host: string): UrlRule[] =>
    wanted.has(host) ? (byHost.get(host) ?? []).sort((a, b) => b.segments.length - a.segments.length) : [];
  return [...names].map((name) => ({
    ...hostPattern(name),
    bare: sorted(name),
    www: sorted(`www.${name}`),
  }));
}

function parse(address: string): UrlTarget {
  const url = new URL(address);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError(`Not an http address: ${address}`);
  return {
    scheme: url.protocol.slice(0, -1),
    host: url.hostname,
    port: url.port,
    segments: url.pathname.split('/').filter((segment) => segment !== ''),
  };
}

/** The name in any case, as punycode, as Unicode, and as Unicode that JSON or a URL has escaped. */
function hostPattern(host: string): { pattern: string; name: string | undefined } {
  const spellings = new Set([domainToASCII(host) || host, domainToUnicode(host) || host]);
  const pattern = [...spellings].map((name) => patternOf(name, true)).join('|');
  return { pattern, name: spellings.size === 1 && !host.includes('--') ? host : undefined };
}

function pathRules(paths: UrlMapping['paths']): PathRule[] {
  const rules = new Map<string, PathRule>();
  for (const { to } of paths) rules.set(to, { ...splitPath(to), to: undefined });
  for (const { from, to } of paths) if (!rules.has(from)) rules.set(from, { ...splitPath(from), to });
  return [...rules.values()].sort((a, b) => b.segments.length - a.segments.length);
}

function splitPath(path: string): { root: string; segments: string[] } {
  const bytes = Buffer.from(path, 'utf8').toString('latin1');
  const [first = '', ...rest] = bytes.split(/[/\\]+/);
  return { root: first, segments: rest.filter((segment) => segment !== '') };
}
