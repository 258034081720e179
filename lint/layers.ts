import { posix } from 'node:path';
import type { DummyRuleMap, OxlintOverride } from 'oxlint';

/** What a layer may import besides itself; a name without an ending stands for a folder and all below it. */
interface Layer {
  readonly may: readonly string[];
  /** Only their types: nothing of them is loaded. */
  readonly types?: readonly string[];
  /** Packages that it must not know. */
  readonly never?: readonly string[];
  /** Where the clock, chance and the environment come from. */
  readonly edge?: boolean;
  /** Works with what this machine has: its programs (PATH), its kubeconfig (KUBECONFIG). */
  readonly machine?: boolean;
}

/** What all that uses a runtime knows of it. */
const RUNTIME = [
  'runtime/types.ts',
  'runtime/units.ts',
  'runtime/documents.ts',
  'runtime/facts.ts',
  'runtime/leases.ts',
];
const STATES = 'runtime/unit-states.ts';
const FINDINGS = ['runtime/unit-findings.ts', 'runtime/retry-once.ts'];
const TERMINAL = ['@oclif/*', 'listr2', '@inquirer/*'];

const BELOW_OPERATIONS = ['shared', 'site', 'transfer', 'instance', 'runtime', 'state', 'pool', 'restore', 'engine'];

/**
 * Who may import whom, from the bottom up. It names what is allowed: a folder under src that is not here yet may import shared
 * and nothing else.
 */
const LAYERS: Readonly<Record<string, Layer>> = {
  shared: { may: [] },
  site: { may: ['shared'] },
  transfer: { may: ['shared', 'site'] },
  instance: { may: ['shared', 'site', 'transfer', 'restore'] },
  state: { may: ['shared'], types: [...RUNTIME, STATES] },
  sidecar: { may: ['shared', 'site', 'transfer', 'instance'] },
  runtime: { may: ['shared'], types: ['instance'] },
  'runtime/local': { may: ['shared', 'instance', STATES, ...FINDINGS], types: ['state', ...RUNTIME], machine: true },
  'runtime/kubernetes': {
    may: ['shared', STATES, ...FINDINGS, 'sidecar/protocol.ts', 'instance/declared.ts'],
    types: ['instance/types.ts', ...RUNTIME],
  },
  'runtime/kubernetes/login': { may: ['shared'], machine: true },
  pool: { may: ['shared', STATES, ...FINDINGS], types: ['instance', ...RUNTIME] },
  restore: { may: ['shared', 'site', 'transfer'] },
  'restore/merge': { may: ['shared'] },
  engine: {
    may: ['shared', 'site', 'transfer', 'pool', 'restore'],
    types: ['instance', ...RUNTIME],
    never: [...TERMINAL, '@kubernetes/*', 'fastify'],
  },
  operations: { may: BELOW_OPERATIONS, never: TERMINAL },
  'operations/demo': { may: [...BELOW_OPERATIONS, 'operations'], never: TERMINAL, machine: true },
  agent: { may: ['shared', 'state', 'pool', 'operations'], types: ['instance', ...RUNTIME], never: TERMINAL },
  cli: { may: ['shared', 'operations'], types: ['instance', ...RUNTIME], edge: true },
  commands: { may: ['shared', 'operations', 'cli', 'agent'], edge: true },
};

const SLEEP = 'Take `sleep` from the context.';
const NOW = 'Take `now` from the context.';

/** How deep a layer's folders may lie. */
const DEPTH = 4;

/** The rules of every layer, and before them those of one that the table does not know. */
export const layerRules: OxlintOverride[] = [
  ...rulesOf('*', { may: ['shared'] }),
  ...Object.entries(LAYERS)
    .toSorted(([one], [other]) => one.split('/').length - other.split('/').length)
    .flatMap(([name, layer]) => rulesOf(name, layer)),
  // Programs of their own: what they take from Node.js they hand down.
  {
    files: ['src/sidecar/main.ts', 'src/agent/work/main.ts'],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
  },
];

/** The linter sees an import as it is written, so there is a rule for each depth that a file may lie at. */
function rulesOf(name: string, layer: Layer): OxlintOverride[] {
  return Array.from({ length: DEPTH }, (_, depth) => {
    const folder = posix.join('src', name, ...Array.from({ length: depth }, () => '*'));
    const from = (target: string) => posix.relative(folder, posix.join('src', target));
    return { files: [`${folder}/*.ts`], rules: { ...passedIn(layer), ...imports(name, layer, from, depth) } };
  });
}

function imports(name: string, layer: Layer, from: (target: string) => string, depth: number): DummyRuleMap {
  const { may, types = [], never = [], edge = false } = layer;
  const allowed = [...may, ...types].map(from).flatMap((each) => [`!${each}`, `!${each}/**`]);
  const outside = `${'../'.repeat(depth + 1)}**`;
  const message = `${name} may import ${['itself', ...may, ...types].join(', ')}: see lint/layers.ts.`;
  const typesOnly = `^(${types.map((each) => from(each).replaceAll('.', '\\.')).join('|')})(/|$)`;
  const patterns = [
    // First: what a group lets pass, the linter asks no other pattern about (1.89).
    ...(types.length === 0
      ? []
      : [{ regex: typesOnly, message: `${name} may only import types from there.`, allowTypeImports: true }]),
    { group: [outside, ...allowed], message },
    ...(never.length === 0 ? [] : [{ group: [...never], message: `${name} knows no terminal and no server.` }]),
  ];
  const timers = ['node:timers', 'node:timers/promises'].map((path) => ({ name: path, message: SLEEP }));
  return {
    'no-restricted-imports': ['error', { paths: edge ? [] : timers, patterns }],
  };
}

/** Time, chance, cancellation and environment are handed down from the edges, so that a test can hand down others. */
function passedIn({ edge = false, machine = false }: Layer): DummyRuleMap {
  if (edge) return { 'no-restricted-properties': 'off', 'no-restricted-globals': 'off' };
  const properties = [
    { object: 'Date', property: 'now', message: NOW },
    { object: 'performance', property: 'now', message: NOW },
    { object: 'Math', property: 'random', message: 'Take `randomBytes` from the context.' },
    { object: 'AbortSignal', property: 'timeout', message: 'Use `withTimeout` of shared/abortable.ts.' },
    ...(machine ? [] : [{ object: 'process', property: 'env', message: 'Take the environment from the settings.' }]),
  ];
  const timers = ['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({ name, message: SLEEP }));
  return { 'no-restricted-properties': ['error', ...properties], 'no-restricted-globals': ['error', ...timers] };
}
