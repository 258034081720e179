import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptOfSources } from '../../src/cli/kept-sources.ts';
import { passwordSource } from '../../src/cli/password.ts';
import { loadSettings, wpcloneHome } from '../../src/cli/config/load.ts';

let root: string;
let environment: NodeJS.ProcessEnv;

const put = (path: string, content: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), content);
};
const load = (folder = 'work/repo/sub') => loadSettings({ environment, workingFolder: join(root, folder) });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wpclone-settings-'));
  environment = { HOME: join(root, 'home') };
  mkdirSync(join(root, 'work/repo/sub'), { recursive: true });
  mkdirSync(join(root, 'work/repo/.git'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('settings', () => {
  it('come from the environment, then the project file, then the user file', () => {
    put(
      'home/.config/wpclone/config.yaml',
      'ttl: 1h\nmedia: proxy\nusername: from-user\nkubernetes: {context: a, namespace: b}\npool: {min: 2, max: 3}',
    );
    put(
      'work/repo/.wpclone.yaml',
      'ttl: 2h\nusername: from-project\nkubernetes: {namespace: c, domain: d}\npool: {max: 4}',
    );
    environment['WPCLONE_USERNAME'] = 'from-environment';
    environment['WPCLONE_KUBERNETES_DATABASE_IMAGE'] = 'mysql:8.0';
    expect(load()).toEqual({
      ttl: '2h',
      media: 'proxy',
      username: 'from-environment',
      kubernetes: { context: 'a', namespace: 'c', domain: 'd', databaseImage: 'mysql:8.0' },
      pool: { min: 2, max: 4 },
    });
  });

  it('of a project are looked for up to the root of its repository and no further', () => {
    put('work/.wpclone.yaml', 'ttl: 9h');
    expect(load()).toEqual({ kubernetes: {}, pool: {} });
    put('work/repo/.wpclone.json', '{"ttl": "3h", "exclude-table": ["logs"]}');
    expect(load()).toMatchObject({ ttl: '3h', 'exclude-table': ['logs'] });
    put('work/repo/sub/.wpclone.yml', 'ttl: 4h');
    expect(load().ttl).toBe('4h');
  });

  it('outside of a repository are only looked for in the working folder', () => {
    put('.wpclone.yaml', 'ttl: 9h');
    mkdirSync(join(root, 'loose/deep'), { recursive: true });
    expect(load('loose/deep').ttl).toBeUndefined();
    put('loose/deep/.wpclone.yaml', 'ttl: 5h');
    expect(load('loose/deep').ttl).toBe('5h');
  });

  it('take lists and maps of Kubernetes from the environment as a file has them', () => {
    environment['WPCLONE_KUBERNETES_NODE_SELECTOR'] = '{ pool: staging }';
    environment['WPCLONE_KUBERNETES_IMAGE_PULL_SECRETS'] = '["one", "two"]';
    environment['WPCLONE_KUBERNETES_IMAGES'] = '{"8.2": "registry.example/wpclone:8.2"}';
    expect(load().kubernetes).toEqual({
      nodeSelector: { pool: 'staging' },
      imagePullSecrets: ['one', 'two'],
      images: { '8.2': 'registry.example/wpclone:8.2' },
    });
    environment['WPCLONE_KUBERNETES_IMAGES'] = '{"8.2": ';
    expect(load).toThrow(/^WPCLONE_KUBERNETES_IMAGES cannot be read: /);
  });

  it('take lists from the environment with commas', () => {
    environment['WPCLONE_EXCLUDE_TABLE'] = 'a_*, b';
    environment['WPCLONE_INCLUDE_TABLE'] = 'c,d_*';
    expect(load()).toMatchObject({ 'exclude-table': ['a_*', 'b'], 'include-table': ['c', 'd_*'] });
  });

  it.each([
    ['an unknown key', 'surprise: 1', /\.wpclone\.yaml: .*surprise/],
    ['a slip', 'runtmie: local', /\.wpclone\.yaml: there is no setting "runtmie"\. Did you mean runtime\?$/],
    ['a wrong value', 'runtime: docker', /\.wpclone\.yaml: runtime: it can be local or kubernetes\.$/],
    ['a number for a text', 'ttl: 30', /\.wpclone\.yaml: ttl: it takes a text, such as "ttl: 30m"\.$/],
    [
      'a wrong type',
      'exclude-table: logs',
      /: exclude-table: it takes a list, such as "exclude-table: \['\*_log'\]"\.$/,
    ],
    ['a value below', 'pool: {min: -1}', /: pool\.min: it is 0 or more, such as "pool: \{ min: 1, max: 2, php: .*"\.$/],
    ['no time to live', 'ttl: soon', /\.wpclone\.yaml: ttl: "soon" is not a time to live\.$/],
    ['broken YAML', 'ttl: [', /\.wpclone\.yaml cannot be read: .* at line 1, column \d+$/],
    ['a list', '- a', /\.wpclone\.yaml: it takes a map of names and values, such as "ttl: 30m"\.$/],
    ['what must not come with a repository: insecure', 'insecure: true', /insecure/],
    ['what must not come with a repository: login-url', 'login-url: https://evil.example', /login-url/],
    ['what must not come with a repository: keep-mail', 'keep-mail: true', /keep-mail/],
  ])('refuse %s, naming file and key', (_, content, message) => {
    put('work/repo/.wpclone.yaml', content);
    expect(() => load()).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', exitCode: 2, message: expect.stringMatching(message) }),
    );
  });

  it('refuse a wrong variable by its name', () => {
    environment['WPCLONE_MEDIA'] = 'move';
    expect(() => load()).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining('WPCLONE_MEDIA') }),
    );
  });

  it('about what is kept of people do not come with a repository', () => {
    put('home/.config/wpclone/config.yaml', 'keep-rows: a-day');
    expect(keptOfSources(load())).toEqual({ keepRows: true });
    environment['WPCLONE_KEEP_ROWS'] = 'with-clone';
    expect(keptOfSources(load())).toEqual({ keepRows: false });
    put('work/repo/.wpclone.yaml', 'keep-rows: a-day');
    expect(() => load()).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining('keep-rows') }),
    );
  });

  it('say how long an agent remembers jobs, and not those of a repository', () => {
    put('home/.config/wpclone/config.yaml', 'keep-jobs: 90d');
    expect(load()['keep-jobs']).toBe('90d');
    environment['WPCLONE_KEEP_JOBS'] = '366d';
    expect(() => load()).toThrow(/^WPCLONE_KEEP_JOBS: Jobs are kept for at most 365 days/);
    delete environment['WPCLONE_KEEP_JOBS'];
    put('work/repo/.wpclone.yaml', 'keep-jobs: 1m');
    expect(() => load()).toThrow(/\.wpclone\.yaml: keep-jobs may only stand in your own/);
  });

  it('may be an empty file', () => {
    put('work/repo/.wpclone.yaml', '# nothing yet\n');
    expect(load()).toEqual({ kubernetes: {}, pool: {} });
  });
});

describe('the state folder', () => {
  it('is WPCLONE_HOME, else in the XDG data folder, else in its default; relative XDG paths are ignored', () => {
    expect(wpcloneHome({ WPCLONE_HOME: '/srv/x' })).toBe('/srv/x');
    expect(wpcloneHome({ XDG_DATA_HOME: '/data', HOME: '/home/a' })).toBe('/data/wpclone');
    expect(wpcloneHome({ HOME: '' })).toMatch(/^\/.*\.local\/share\/wpclone$/);
    expect(wpcloneHome({ XDG_DATA_HOME: 'data', HOME: '/home/a' })).toBe('/home/a/.local/share/wpclone');
  });
});

it('a password file that cannot be read is told with why, and with what to look at instead of the help', async () => {
  const { signal } = new AbortController();
  const view = { emit: () => undefined, ask: () => Promise.reject(new Error('asked')), close: () => Promise.resolve() };
  const given = passwordSource({ file: join(root, 'none'), fromEnvironment: undefined, username: 'a', view, signal });
  await expect(given).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('ENOENT'),
    nextSteps: [`See whether it is there and who may read it: ls -l ${join(root, 'none')}`],
  });
});
