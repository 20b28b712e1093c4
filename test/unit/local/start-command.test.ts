import { startCommandWithPort } from '../../../local/command-line/start-command';

test.each([
  [['--nodes', '3', '--port', '80', '--json'], 'npm start -- --nodes 3 --json --port 3001'],
  [
    ['--port=80', '--log-folder', "it's here"],
    String.raw`npm start -- --log-folder 'it'\''s here' --port 3001`,
  ],
  [[], 'npm start -- --port 3001'],
])('%j is suggested again with another port', (args, command) => {
  expect(startCommandWithPort(args, 3001)).toBe(command);
});
