import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientMessages } from '../../../core/protocol/demo/client-messages';
import {
  CLIENT_CLOSE_CODES,
  connectQuerySchema,
  EXTENSION_METHODS,
} from '../../../core/protocol/fleet-extensions';
import { CLOSE_CODES } from '../../../core/protocol/protoo';

const page = readFileSync(join(__dirname, '../../../docs/protocol.md'), 'utf8');

describe('docs/protocol.md', () => {
  test.each([
    ...Object.keys(clientMessages),
    ...Object.keys(EXTENSION_METHODS),
    ...Object.keys(connectQuerySchema.shape),
  ])('explains %s', (name) => {
    expect(page).toContain(`\`${name}\``);
  });

  test('has every close code', () => {
    for (const code of Object.values(CLOSE_CODES)) expect(page).toContain(`| ${code} |`);
    for (const code of Object.values(CLIENT_CLOSE_CODES)) expect(page).toContain(String(code));
  });
});
