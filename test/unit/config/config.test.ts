import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfig, VARIABLE_NAMES } from '../../../node-app/config';

const KEYS = JSON.stringify([{ kid: 'k', alg: 'HS256', secret: 's'.repeat(32) }]);
const valid = { FLEET_AUTH: 'open' };

const TWO_REGIONS = {
  FLEET_REGION: 'eu',
  FLEET_REGION_URLS: '{"eu":"https://eu.test","us":"https://us.test"}',
  FLEET_LINK_SECRETS: 'x'.repeat(32),
};

describe('configuration', () => {
  test('has a default for everything on loopback, but no open door by default', () => {
    expect(parseConfig(valid)).toMatchObject({
      FLEET_LISTEN_HOST: '127.0.0.1',
      FLEET_HTTP_PORT: 8080,
      FLEET_RESUME_GRACE_MS: 15_000,
      FLEET_SELECTOR: { selector: 'least-egress' },
      FLEET_MAX_MESSAGE_BYTES: 262_144,
    });
    expect(() => parseConfig({})).toThrow('FLEET_TOKEN_KEYS is required');
  });

  test('leaves other programs their variables, and takes an empty one for none', () => {
    expect(parseConfig({ ...valid, PATH: '/bin', HTTP_PORT: 'x', FLEET_HTTP_PORT: '' })).toMatchObject({
      FLEET_HTTP_PORT: 8080,
    });
  });

  test.each([
    [{ FLEET_PORT: '1' }, 'FLEET_PORT is not known (see docs/configuration.md)'],
    [{ FLEET_HTTP_PORT: '80a' }, 'FLEET_HTTP_PORT must be a whole number'],
    [{ FLEET_HTTP_PORT: '65536' }, 'FLEET_HTTP_PORT must be at most 65535'],
    [{ FLEET_WORKERS: '0' }, 'FLEET_WORKERS must be at least 1'],
    [{ FLEET_MEDIA_LISTEN_IP: 'localhost' }, 'FLEET_MEDIA_LISTEN_IP must be an IP address'],
    [{ FLEET_MEDIA_LISTEN_IP: '0.0.0.0' }, 'FLEET_MEDIA_ANNOUNCED_ADDRESS is required when'],
    [{ FLEET_MEDIA_PORT_BASE: '25000' }, 'FLEET_MEDIA_PORT_BASE lies in the range of'],
    [{ FLEET_PIPE_PORT_MIN: '30000' }, 'FLEET_PIPE_PORT_MAX must not be below'],
    [{ FLEET_LISTEN_HOST: '0.0.0.0' }, 'FLEET_AUTH open is allowed only when FLEET_LISTEN_HOST is loopback'],
    [{ FLEET_LINK_HOST: '10.0.0.1' }, 'FLEET_LINK_SECRETS is required unless'],
    [{ FLEET_LINK_HOST: '0.0.0.0', FLEET_LINK_SECRETS: 'x'.repeat(32) }, 'FLEET_LINK_ADDRESS is required'],
    [{ FLEET_LINK_ADDRESS: 'host' }, 'FLEET_LINK_ADDRESS must be host:port'],
    [{ FLEET_REDIS_URL: 'http://x' }, 'FLEET_REDIS_URL must begin with'],
    [{ FLEET_SELECTOR: '{"selector":"x"}' }, 'FLEET_SELECTOR '],
    [{ FLEET_EGRESS_INTERFACES: 'eth0,' }, 'FLEET_EGRESS_INTERFACES '],
    [{ FLEET_ICE_SERVERS: '[{"url":"x"}]' }, 'FLEET_ICE_SERVERS '],
    [{ FLEET_WEBHOOK_URLS: 'ftp://x' }, 'FLEET_WEBHOOK_URLS '],
    [{ FLEET_WEBHOOK_URLS: 'https://x.test' }, 'FLEET_WEBHOOK_SECRETS is required'],
    [
      { FLEET_REGION_URLS: '{"eu":"wss://x.test"}' },
      'FLEET_REGION_URLS must be a URL with http or https (at eu)',
    ],
    [{ FLEET_REGION_URLS: '{"eu":"https://x.test"}' }, 'FLEET_REGION_URLS does not name FLEET_REGION'],
    [{ ...TWO_REGIONS, FLEET_LINK_SECRETS: '' }, 'FLEET_LINK_SECRETS is required when FLEET_REGION_URLS'],
    [
      { ...TWO_REGIONS, FLEET_MEDIA_ANNOUNCED_ADDRESS: 'media.test' },
      'FLEET_MEDIA_ANNOUNCED_ADDRESS must be an IP',
    ],
  ])('%j stops the start with one line that names it', (env, message) => {
    expect(() => parseConfig({ ...valid, ...env })).toThrow(message);
  });

  test.each([
    [{ FLEET_TOKEN_KEYS: 'hunter2-hunter2' }],
    [{ FLEET_TOKEN_KEYS: '[{"kid":"k","alg":"HS256","secret":"hunter2"}]' }],
    [{ FLEET_TOKEN_KEYS: '[{"kid":"k","alg":"RS256","secret":"hunter2"}]' }],
    [{ FLEET_LINK_SECRETS: 'hunter2' }],
    [{ FLEET_WEBHOOK_SECRETS: 'hunter2' }],
  ])('never shows a secret: %j', (env) => {
    const parse = () => parseConfig({ ...valid, ...env });
    expect(parse).toThrow(/^FLEET_/);
    expect(parse).not.toThrow(/hunter2/);
  });

  test('two keys may not share an id', () => {
    const [key] = JSON.parse(KEYS) as unknown[];
    expect(() => parseConfig({ FLEET_TOKEN_KEYS: JSON.stringify([key, key]) })).toThrow(/same kid/);
  });

  test('names of selectors are enough, and objects are parsed', () => {
    expect(parseConfig({ ...valid, FLEET_SELECTOR: 'best-fit' }).FLEET_SELECTOR).toEqual({
      selector: 'best-fit',
    });
    expect(
      parseConfig({ ...valid, FLEET_SELECTOR: '{"selector":"livekit","sortBy":"rooms"}' }).FLEET_SELECTOR,
    ).toMatchObject({ sortBy: 'rooms', kind: 'any' });
  });

  test('interfaces are all, or names', () => {
    const interfaces = (value: string) =>
      parseConfig({ ...valid, FLEET_EGRESS_INTERFACES: value }).FLEET_EGRESS_INTERFACES;
    expect(interfaces('all')).toBe('all');
    expect(interfaces('ens5, ens6')).toEqual(['ens5', 'ens6']);
    expect(parseConfig(valid).FLEET_EGRESS_INTERFACES).toBeUndefined();
  });

  test('docs/configuration.md describes every variable, and none that does not exist', () => {
    const text = readFileSync(path.join(__dirname, '../../../docs/configuration.md'), 'utf8');
    const documented = [...text.matchAll(/^\| `(FLEET_[A-Z_]+)`/gm)].map(([, name]) => name);
    expect(documented.sort()).toEqual([...VARIABLE_NAMES].sort());
  });
});
