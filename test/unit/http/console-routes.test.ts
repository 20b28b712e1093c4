import Fastify from 'fastify';
import { parseConfig } from '../../../node-app/config';
import { consoleRoutes, type ConsoleRoutesOptions } from '../../../node-app/http/console-routes';

async function get(path: string, options: ConsoleRoutesOptions) {
  const app = Fastify();
  await app.register(consoleRoutes, options);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const { status, headers, ...response } = await fetch(url + path, { redirect: 'manual' }).then(
    async (answer) => ({ status: answer.status, headers: answer.headers, body: await answer.text() }),
  );
  await app.close();
  return { status, location: headers.get('location'), frames: headers.get('x-frame-options'), ...response };
}

const page: ConsoleRoutesOptions['page'] = (reply) => reply.type('text/html').send('the page');

test('a node serves its own page, which nobody may frame', async () => {
  expect(await get('/console/', { consoleUrl: undefined, page })).toMatchObject({
    status: 200,
    body: 'the page',
    frames: 'DENY',
  });
  expect(await get('/console', { consoleUrl: undefined, page })).toMatchObject({ location: '/console/' });
});

test.each(['/console', '/console/'])('%s leads to another console where there is one', async (path) => {
  const consoleUrl = 'http://localhost:3001/';

  for (const ownPage of [page, undefined]) {
    const answer = await get(path, { consoleUrl, page: ownPage });
    expect(answer).toMatchObject({ status: 302, location: consoleUrl });
  }
});

test('without pages there is none', async () => {
  expect(await get('/console/', { consoleUrl: undefined, page: undefined })).toMatchObject({ status: 404 });
});

test.each(['localhost:3001', 'javascript:alert(1)', 'not a url'])('%s is no address of a console', (url) => {
  expect(() => parseConfig({ FLEET_AUTH: 'open', FLEET_CONSOLE_URL: url })).toThrow(
    'FLEET_CONSOLE_URL must be a URL',
  );
});

test('its address is optional', () => {
  expect(parseConfig({ FLEET_AUTH: 'open' }).FLEET_CONSOLE_URL).toBeUndefined();
  const url = 'http://localhost:3001/';
  expect(parseConfig({ FLEET_AUTH: 'open', FLEET_CONSOLE_URL: url }).FLEET_CONSOLE_URL).toBe(url);
});
