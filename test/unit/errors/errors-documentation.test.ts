import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '../../../core/errors';

const PAGE = readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8');

/** The text under each `### CODE`. */
const sections = new Map(
  PAGE.split(/^### /m)
    .slice(1)
    .map((section) => {
      const [code = '', ...text] = section.split('\n');
      return [code.trim(), text.join('\n').split(/^## /m)[0] ?? ''];
    }),
);

describe('docs/errors.md', () => {
  it('documents exactly the codes of the registry', () => {
    expect([...sections.keys()].sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it('mentions no code that does not exist', () => {
    const mentioned = new Set(PAGE.match(/FLEET_ERR_[A-Z_]+/g));
    expect([...mentioned].filter((code) => !(code in ERRORS))).toEqual([]);
  });

  it.each(Object.entries(ERRORS))(
    'says who sees %s, what it means and what to do',
    (code, { status, retriable }) => {
      const section = sections.get(code) ?? '';
      expect(section).toMatch(/\*\*Seen by\*\* \S/);
      expect(section).toMatch(/\*\*Means\*\*: \S/);
      expect(section).toMatch(/\*\*Do\*\*: \S/);
      const [, documentedStatus, documentedRetriable] =
        /^Status (\d{3})(, retriable)?\.$/m.exec(section) ?? [];
      expect({ status: Number(documentedStatus), retriable: documentedRetriable !== undefined }).toEqual({
        status,
        retriable,
      });
    },
  );
});
