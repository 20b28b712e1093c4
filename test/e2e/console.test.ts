import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ConsoleServer } from '../../local/console/console-server';
import { systemClock } from '../../local/fleet-runner/system-clock';
import { mintToken } from '../../local/token/mint-token';
import { buildWeb } from '../../scripts/build-web';
import { launchBrowser, openPage } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { FakeConsoleSource } from '../helpers/fake-console-source';
import { TestNodes } from '../helpers/fleet-node';
import { RunningFleet } from '../helpers/fleet-up';
import { RoomPage } from './room-page';

const WEB_ROOT = join(__dirname, '..', '..', 'dist', 'web');

let browser: Browser;
let contexts: BrowserContext[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
});

afterAll(() => browser?.close());

async function open(url: string, viewport = { width: 1280, height: 720 }) {
  const { context, page, errors } = await openPage(browser, url, { viewport, grantMedia: false });
  contexts.push(context);
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return { page, errors };
}

const textOf = (page: Page, testId: string) => page.textContent(`[data-testid=${testId}]`);
const phase = (page: Page, name: string) => page.waitForSelector(`[data-testid=phase][data-phase=${name}]`);
const nodeRow = (page: Page, nodeId: string) => page.locator(`[data-testid=node][data-node-id="${nodeId}"]`);

describe('the console of a fleet on this machine', () => {
  let source: FakeConsoleSource;
  let server: ConsoleServer;

  beforeAll(() => buildWeb({ outDir: WEB_ROOT }));

  const start = (port = 0) =>
    ConsoleServer.start({ source, pageRoot: join(WEB_ROOT, 'console'), port, clock: systemClock });

  beforeEach(async () => {
    source = new FakeConsoleSource({ clock: systemClock });
    server = await start();
  });

  afterEach(async () => {
    await server.close();
    source.close();
  });

  test('shows nodes, rooms, alarms and events, and new load within seconds', async () => {
    const { page, errors } = await open(server.url);
    await phase(page, 'live');

    await eventually(async () => (await page.locator('[data-testid=node]').count()) === 2);
    expect(await page.locator('[data-testid=alarm]').count()).toBe(3);
    expect(await page.locator('[data-testid=room]').count()).toBe(6);
    await page.locator('[data-testid=room-pipes]').first().click();
    await eventually(async () =>
      (await page.locator('[data-testid=pipes]').first().textContent())?.endsWith(
        'worker 0: 4 streams, 5 layers, 2.1 Mbit/s, 34 ms, 1 % lost',
      ),
    );
    await eventually(async () => (await page.locator('[data-testid=event]').count()) >= 4);
    await page.waitForSelector('[data-testid=panel-pool] canvas');
    const before = Number(await textOf(page, 'figure-rooms'));

    await page.fill('[data-testid=load-rooms]', '3');
    await page.click('[data-testid=add-load]');

    await eventually(async () => Number(await textOf(page, 'figure-rooms')) === before + 3);
    expect(source.controls).toEqual([{ name: 'add-load', payload: { rooms: 3, peersPerRoom: 4 } }]);
    await eventually(async () => (await textOf(page, 'load')) === '3 rooms, 12 peers of it');
    expect(errors).toEqual([]);
  });

  test('asks before it kills a node, and does it by keyboard too', async () => {
    const { page, errors } = await open(server.url);
    await phase(page, 'live');
    const kill = nodeRow(page, 'node-2').locator('[data-testid=node-kill-node]');

    await kill.click();
    await page.keyboard.press('Escape');
    await eventually(async () => (await page.locator('[data-testid=ask]').count()) === 0);
    expect(source.controls).toEqual([]);

    await kill.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-testid=ask]');
    // The focus is on "Cancel", so that a second Enter harms nobody.
    expect(await page.evaluate('document.activeElement.dataset.testid')).toBe('ask-no');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');

    await eventually(() => source.controls.length === 1);
    expect(source.controls[0]).toEqual({ name: 'kill-node', payload: { nodeId: 'node-2' } });
    await eventually(async () => (await nodeRow(page, 'node-2').count()) === 0);
    expect(errors).toEqual([]);
  });

  test('a row keeps its place and its focus while its figures change', async () => {
    const { page } = await open(server.url);
    await phase(page, 'live');
    const cordon = nodeRow(page, 'node-1').locator('[data-testid=node-cordon]');
    await cordon.focus();
    const box = await cordon.boundingBox();
    const egress = () => textOf(page, 'figure-egress');
    const before = await egress();

    await eventually(async () => (await egress()) !== before);

    expect(await page.evaluate('document.activeElement.dataset.testid')).toBe('node-cordon');
    expect(await cordon.boundingBox()).toEqual(box);
  });

  test('a refused control says why', async () => {
    const { page } = await open(server.url);
    await phase(page, 'live');
    await page.fill('[data-testid=desired]', '900');
    await page.click('[data-testid=set-desired]');

    await eventually(
      async () => (await textOf(page, 'notice')) === 'That didn’t work: the group has at most 24',
    );
  });

  test('says that the connection is lost, and loads anew when the next run is there', async () => {
    const { page } = await open(server.url);
    await phase(page, 'live');
    const port = Number(new URL(server.url).port);

    await server.close();
    await phase(page, 'lost');
    expect(await textOf(page, 'banner')).toContain('Connection lost');

    server = await start(port);
    await phase(page, 'live');
    await eventually(async () => page.isHidden('[data-testid=banner]'));
    // With the token of the new run.
    await nodeRow(page, 'node-1').locator('[data-testid=node-cordon]').click();
    await eventually(() => source.controls.length === 1);
  });

  test.each([
    [1280, 720],
    [1920, 1080],
  ])('twenty nodes, 220 rooms and long ids fit into %i × %i, in large type too', async (width, height) => {
    source.close();
    source = new FakeConsoleSource({
      clock: systemClock,
      nodes: 20,
      rooms: 220,
      idPrefix: 'long-name-'.repeat(15),
    });
    const port = Number(new URL(server.url).port);
    await server.close();
    server = await start(port);
    const { page } = await open(server.url, { width, height });
    await phase(page, 'live');
    await eventually(async () => (await page.locator('[data-testid=room]').count()) === 200);

    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate(overflow)).toBe(0);
    await page.click('[data-testid=type-size]');
    expect(await page.evaluate(overflow)).toBe(0);
    expect(await page.evaluate('document.documentElement.dataset.type')).toBe('large');
  });
});

describe('the console of a node', () => {
  let fleet: TestNodes;

  afterEach(() => fleet?.close());

  /** Nodes as they are everywhere but in a local run, which has a console of its own. */
  async function startNodes(count: number, env: Record<string, string> = {}): Promise<string> {
    await buildWeb({ outDir: WEB_ROOT });
    fleet = await TestNodes.start({ count, env: { FLEET_WEB_ROOT: WEB_ROOT, ...env } });
    return `http://127.0.0.1:${fleet.node(0).httpPort}`;
  }

  test('without tokens shows nodes and rooms at once, with nothing to press', async () => {
    const url = await startNodes(2);
    const person = await RoomPage.enter({ browser, url, room: 'standup', name: 'Ada' });
    const { page, errors } = await open(`${url}/console`);
    await phase(page, 'live');

    await eventually(async () => (await page.locator('[data-testid=node]').count()) === 2);
    await page.waitForSelector('[data-testid=room][data-room-id=standup]');
    await eventually(async () => (await textOf(page, 'figure-peers')) === '1');
    expect(await page.isVisible('[data-testid=panel-alarms]')).toBe(false);
    expect(await page.isVisible('[data-testid=add-load]')).toBe(false);
    expect(await page.isVisible('[data-testid=node-cordon]')).toBe(false);

    await person.close();
    await eventually(async () => (await textOf(page, 'figure-peers')) === '0');
    expect(errors).toEqual([]);
  });

  test('with tokens asks for one and keeps it for the tab only', async () => {
    const url = await startNodes(1, { FLEET_ADMIN_TOKEN_KEYS: JSON.stringify([OPERATOR_KEY]) });
    const { page } = await open(`${url}/console/`);
    await page.waitForSelector('[data-testid=token-view]:not([hidden])');
    expect(await page.locator('[data-testid=node]').count()).toBe(0);

    await page.fill('[data-testid=token]', 'not a token');
    await page.click('[data-testid=token-use]');
    await eventually(async () => (await textOf(page, 'token-problem')) !== '');

    await page.fill('[data-testid=token]', await operatorToken());
    await page.click('[data-testid=token-use]');
    await phase(page, 'live');
    await eventually(async () => (await page.locator('[data-testid=node]').count()) === 1);
    await page.reload();
    await phase(page, 'live');
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('eyJ');

    const { page: another } = await open(`${url}/console/`);
    await another.waitForSelector('[data-testid=token-view]:not([hidden])');
  });
});

test('the room page of a local run leads to the console of that run, which acts', async () => {
  const fleet = await RunningFleet.start(['--nodes', '2']);
  try {
    const { page, errors } = await open(`${fleet.url}/console/`);
    expect(new URL(page.url()).origin).toBe(new URL(fleet.ready.console).origin);
    await phase(page, 'live');
    await eventually(async () => (await page.locator('[data-testid=node]').count()) === 2);
    await page.waitForSelector('[data-testid=panel-alarms]');
    await nodeRow(page, fleet.node(1)).locator('[data-testid=node-cordon]').click();
    await eventually(async () => {
      const { nodes } = await fleet.operator<{ nodes: { nodeId: string; state: string }[] }>('/v1/nodes');
      return nodes.some(({ nodeId, state }) => nodeId === fleet.node(1) && state !== 'SERVING');
    });
    expect(errors).toEqual([]);
  } finally {
    await fleet.stop();
  }
});

const OPERATOR_KEY = { kid: 'ops', alg: 'HS256', secret: 'o'.repeat(40) } as const;

function operatorToken(): Promise<string> {
  return mintToken({
    request: { kind: 'operator' },
    subject: 'test',
    ttlMs: 60_000,
    key: OPERATOR_KEY,
    nowMs: Date.now(),
  });
}
