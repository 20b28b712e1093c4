import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..', '..', '..');

/** What a page or program that a reader copies would be told by the compiler. */
function problemsOf(code: string): string[] {
  const file = join(ROOT, 'web', 'copied-sample.ts');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => name === file || disk.fileExists(name),
    readFile: (name) => (name === file ? code : disk.readFile(name)),
    getSourceFile: (name, ...rest) =>
      name === file
        ? ts.createSourceFile(name, code, ts.ScriptTarget.ES2023)
        : disk.getSourceFile(name, ...rest),
  };
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

function sample(document: string, pattern: RegExp): string {
  const found = pattern.exec(readFileSync(join(ROOT, document), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${document} has no sample`);
  return found;
}

describe('the samples of the SDK', () => {
  it('compile as the README has them', () => {
    const code = sample('README.md', /```ts\n(import \{ FleetClient \}[^]*?)```/u);

    expect(problemsOf(code)).toEqual([]);
  });

  it('compile as docs/sdk.md has them, against what the script tag defines', () => {
    const code = sample('docs/sdk.md', /<script>\n([^]*?)<\/script>/u)
      // Plain JavaScript infers neither the entries of a map nor that an element is there.
      .replace('new Map()', 'new Map<MediasoupFleet.RemoteTrack, HTMLMediaElement>()')
      .replace("querySelector('#me')", "querySelector<HTMLVideoElement>('#me')!")
      .replace('.catch((error)', '.catch((error: MediasoupFleet.FleetClientError)');
    const head = "import * as MediasoupFleet from './sdk';\n";

    expect(problemsOf(head + code)).toEqual([]);
  });

  it('fail when they call what the SDK does not have', () => {
    expect(
      problemsOf("import { FleetClient } from 'mediasoup-fleet/web/sdk';\nFleetClient.start();"),
    ).toEqual([expect.stringContaining("'start' does not exist")]);
  });
});
