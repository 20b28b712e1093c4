import { randomUUID } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../helpers/browser';
import { eventually } from '../helpers/eventually';
import { RunningFleet } from '../helpers/fleet-up';
import { RoomPage } from './room-page';

/** By the model a room of three who all send and receive takes 3.4 Mbit/s of its node, and one of four 6.8. */
const ENVIRONMENT = { FLEET_CAPACITY_EGRESS_BPS: '5500000', FLEET_EXPECTED_PEERS: '2' };

describe('a room in the browser that is on two nodes', () => {
  let fleet: RunningFleet;
  let browser: Browser;
  const people: RoomPage[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    fleet = await RunningFleet.start(['--nodes', '2'], ENVIRONMENT);
  });

  afterAll(async () => {
    await Promise.all(people.map((person) => person.close()));
    await browser?.close();
    await fleet?.stop();
  });

  test('each page tells from which node a pipe brings the streams of those on the other one', async () => {
    const room = randomUUID();
    for (const name of ['Ada', 'Grace', 'Linus', 'Mary']) {
      people.push(await RoomPage.enter({ browser, url: fleet.url, room, name }));
    }
    for (const person of people) await person.seesMoving(3);
    const nodes = await Promise.all(people.map((person) => person.detail('media-node')));
    expect(new Set(nodes).size).toBe(2);
    for (const [index, person] of people.entries()) {
      const far = nodes.filter((node) => node !== nodes[index]);
      // Of each of them a camera and a microphone.
      const wanted = far.flatMap((node) => [`from ${node}`, `from ${node}`]);
      await eventually(async () => {
        const pipes = await person.page.locator('[data-testid=track-pipe]').allTextContents();
        return pipes.length === wanted.length && pipes.every((text, at) => text.includes(wanted[at] ?? '?'));
      });
    }
    expect(people.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
