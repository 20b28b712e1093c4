// The set-up's modules are ES modules for an old Node without packages, and jest runs CommonJS: so each case is a line
// of JavaScript that a real Node process evaluates.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const SETUP_FOLDER = path.join(__dirname, '../../../scripts/setup');

/** The value of `expression`, in which `module` is the named module of the set-up and `input` the given value. */
function evaluate(module: string, expression: string, input: unknown = null): unknown {
  const script = `
    import * as module from ${JSON.stringify(path.join(SETUP_FOLDER, module))};
    const input = JSON.parse(process.argv[1]);
    const evaluated = await (async () => (${expression}))().catch((error) => ({ error: error.message }));
    process.stdout.write(JSON.stringify({ evaluated }));`;
  const stdout = execFileSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(input)]);
  return (JSON.parse(String(stdout)) as { evaluated?: unknown }).evaluated;
}

describe('the kind of system', () => {
  const cases: [string, string, string, string][] = [
    ['Debian', 'ID=debian\n', 'linux', 'apt'],
    ['Ubuntu', 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'linux', 'apt'],
    ['a child of Ubuntu', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'linux', 'apt'],
    ['Fedora', 'ID=fedora\n', 'linux', 'dnf'],
    ['Amazon Linux', 'ID="amzn"\nID_LIKE="fedora"\n', 'linux', 'dnf'],
    ['Alpine', 'ID=alpine\nVERSION_ID=3.20\n', 'linux', 'unknown'],
    ['macOS', '', 'darwin', 'brew'],
  ];

  test('is read from os-release', () => {
    const managers = evaluate(
      'system.mjs',
      'input.map(([, text, platform]) => module.packageManagerOf(text, platform))',
      cases,
    );

    expect(managers).toEqual(cases.map(([, , , manager]) => manager));
  });
});

describe('what a person must type', () => {
  const remedies = (part: string, remedy: string) =>
    evaluate(
      `steps/${part}.mjs`,
      `input.map((system) => module.${remedy}({ platform: 'linux', isRoot: false, isUbuntu: false, ...system }))`,
      [
        { packageManager: 'apt' },
        { packageManager: 'apt', isUbuntu: true },
        { packageManager: 'dnf' },
        { packageManager: 'brew', platform: 'darwin' },
        { packageManager: 'unknown' },
      ],
    ) as string[];

  test('for Redis', () => {
    const [debian, ubuntu, fedora, mac, other] = remedies('redis', 'redisRemedy');

    expect(debian).toBe(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-server',
    );
    expect(ubuntu).toBe(debian);
    expect(fedora).toBe('sudo dnf install -y redis');
    expect(mac).toBe('brew install redis');
    expect(other).toContain('REDIS_SERVER_BIN');
  });

  test('for the worker: the packages to build it, or where it could come from', () => {
    const [debian, , fedora, mac, other] = remedies('worker', 'workerRemedy');

    expect(debian).toMatch(
      /^sudo apt-get update && sudo apt-get install .*\bg\+\+ .*libsrtp2-dev .*libabsl-dev$/,
    );
    expect(fedora).toMatch(/^sudo dnf install -y gcc-c\+\+ .*libsrtp-devel/);
    expect(mac).toContain('MEDIASOUP_WORKER_BIN');
    expect(other).toContain('MEDIASOUP_WORKER_BIN');
  });

  test('for Chromium: no snap by apt on Ubuntu', () => {
    const [debian, ubuntu, fedora, mac, other] = remedies('chromium', 'chromiumRemedy');

    expect(debian).toMatch(/^sudo apt-get .* chromium$/);
    expect(ubuntu).toMatch(/^sudo snap install chromium/);
    expect(fedora).toBe('sudo dnf install -y chromium');
    expect(mac).toBe('brew install --cask google-chrome');
    expect(other).toContain('FLEET_CHROMIUM_BIN');
  });
});

describe('Node packages', () => {
  const platform = { os: 'linux', cpu: 'x64', libc: 'glibc' };
  const mismatches = (wanted: object, installed: object, absent: string[] = []) =>
    evaluate(
      'steps/node-packages.mjs',
      'module.packageMismatches({ ...input, exists: (location) => !input.absent.includes(location) })',
      { wanted, installed, absent, platform },
    );
  const entry = { version: '1.0.0', integrity: 'sha512-a' };

  test('a healthy node_modules is left alone, with packages that the lock file does not know', () => {
    expect(
      mismatches(
        { '': {}, 'node_modules/a': entry },
        { 'node_modules/a': entry, 'node_modules/extra': entry },
      ),
    ).toEqual({ required: [], optional: [] });
  });

  test('a package that is absent, of another version, or recorded without its folder, is missing', () => {
    const wanted = { 'node_modules/a': entry, 'node_modules/b': entry, 'node_modules/@c/d': entry };
    const installed = { 'node_modules/a': { ...entry, version: '1.0.1' }, 'node_modules/@c/d': entry };

    expect(mismatches(wanted, installed, ['node_modules/@c/d'])).toEqual({
      required: ['a@1.0.0', 'b@1.0.0', '@c/d@1.0.0'],
      optional: [],
    });
  });

  test('of the platform packages only those of this platform are missed', () => {
    const optional = { ...entry, optional: true };
    const wanted = {
      'node_modules/linux-x64': { ...optional, os: ['linux'], cpu: ['x64'] },
      'node_modules/linux-x64-musl': { ...optional, os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      'node_modules/linux-arm64': { ...optional, os: ['linux'], cpu: ['arm64'] },
      'node_modules/not-windows': { ...optional, os: ['!win32'] },
      'node_modules/part-of-another-platform': optional,
    };

    expect(mismatches(wanted, {})).toEqual({
      required: [],
      optional: ['linux-x64@1.0.0', 'not-windows@1.0.0'],
    });
  });
});

describe("mediasoup's own binary", () => {
  const url = (facts: object) =>
    evaluate('prebuilt-worker.mjs', 'module.prebuiltUrl(input)', { version: '3.27.1', ...facts });

  test('has the name that mediasoup gives it', () => {
    expect(url({ platform: 'linux', arch: 'x64', osRelease: '6.1.0-13-amd64' })).toBe(
      'https://github.com/versatica/mediasoup/releases/download/3.27.1/mediasoup-worker-3.27.1-linux-x64-kernel6.tgz',
    );
    expect(url({ platform: 'darwin', arch: 'arm64', osRelease: '24.1.0', baseUrl: 'https://mirror' })).toBe(
      'https://mirror/3.27.1/mediasoup-worker-3.27.1-darwin-arm64.tgz',
    );
  });

  const download = `await (async () => {
    const { createServer } = await import('node:http');
    const server = createServer((request, response) => {
      if (input.body === null) response.writeHead(404).end();
      else response.end(Buffer.from(input.body, 'base64'));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = 'http://127.0.0.1:' + server.address().port + '/worker.tgz';
    const { binary, reason } = await module.downloadPrebuilt({ url, report: () => undefined });
    server.close();
    return { binary: binary?.toString(), reason };
  })()`;

  test('is taken out of the downloaded archive', () => {
    const body = gzipSync(
      Buffer.concat([tarEntry('README', 'x'.repeat(600)), tarEntry('mediasoup-worker', 'ELF')]),
    );

    expect(evaluate('prebuilt-worker.mjs', download, { body: body.toString('base64') })).toEqual({
      binary: 'ELF',
    });
  });

  test.each([
    ['there is none for the platform', null, 'mediasoup has no binary for this platform'],
    [
      'the archive holds something else',
      gzipSync(tarEntry('other', 'x')),
      'the downloaded archive holds no mediasoup-worker',
    ],
    [
      'the answer is a login page',
      Buffer.from('<html>'),
      expect.stringContaining('incorrect header') as unknown,
    ],
  ])('is done without when %s', (_case, body, reason) => {
    const outcome = evaluate('prebuilt-worker.mjs', download, { body: body && body.toString('base64') });

    expect(outcome).toEqual({ reason });
  });

  test('is done without at once when nobody answers', () => {
    const outcome = evaluate(
      'prebuilt-worker.mjs',
      `await (async () => {
        const { createServer } = await import('node:net');
        const server = createServer();
        const port = await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
        await new Promise((resolve) => server.close(resolve));
        return module.downloadPrebuilt({ url: 'http://127.0.0.1:' + port + '/worker.tgz', report: () => undefined });
      })()`,
    );

    expect(outcome).toEqual({ reason: expect.stringContaining('is out of reach (ECONNREFUSED)') as unknown });
  });
});

describe('the recipe of the worker', () => {
  const worker = path.join(__dirname, '../../../node_modules/mediasoup/worker');

  test('reads the sources from mediasoup itself, tests and fuzzers left out', () => {
    const sources = evaluate('worker-build/recipe.mjs', 'module.workerSources(input)', {
      workerMeson: readFileSync(path.join(worker, 'meson.build'), 'utf8'),
      libwebrtcMeson: readFileSync(path.join(worker, 'deps/libwebrtc/meson.build'), 'utf8'),
    }) as string[];

    expect(sources).toContain('src/main.cpp');
    expect(sources).toContain('src/RTC/TransportCongestionControlClient.cpp');
    expect(sources).toContain('deps/libwebrtc/libwebrtc/modules/pacing/paced_sender.cc');
    expect(sources.filter((source) => /^(test|fuzzer|mocks)\//.test(source))).toEqual([]);
    expect(new Set(sources).size).toBe(sources.length);
    for (const source of sources) readFileSync(path.join(worker, source));
  });

  test('refuses a list of sources that it does not understand', () => {
    const outcome = evaluate('worker-build/recipe.mjs', 'module.workerSources(input)', {
      workerMeson: "sources = files('src/Worker.cpp')",
      libwebrtcMeson: '',
    });

    expect(outcome).toEqual({ error: expect.stringContaining('adapt worker-build/recipe.mjs') as unknown });
  });

  test("its patches fit mediasoup's sources", () => {
    const patch = readFileSync(
      path.join(SETUP_FOLDER, 'worker-build/patches/dtls-bio-callback.patch'),
      'utf8',
    );
    const source = readFileSync(path.join(worker, 'src/RTC/DtlsTransport.cpp'), 'utf8');

    const patched = evaluate(
      'unified-diff.mjs',
      'module.parseUnifiedDiff(input.patch).map((file) => [file.file, module.applyPatch(input.source, file)])',
      { patch, source },
    );

    expect(patched).toEqual([
      [
        'src/RTC/DtlsTransport.cpp',
        source.replace('(operationType == BIO_CB_RETURN)', '(operationType & BIO_CB_RETURN)'),
      ],
    ]);
  });
});

describe('the pinned Node', () => {
  /** In a folder of its own, with a machine whose own Node is too old; `input` is a shell script to play the pinned one. */
  const ensure = `await (async () => {
    const { mkdtemp, mkdir, rm, writeFile } = await import('node:fs/promises');
    const os = await import('node:os');
    const root = await mkdtemp(os.tmpdir() + '/fleet-node-');
    const file = root + '/node_modules/.bin/node';
    await mkdir(root + '/node_modules/.bin', { recursive: true });
    const write = () => writeFile(file, '#!/bin/sh\\n' + input.script, { mode: 0o755 });
    if (input.afterMs === 0) await write();
    const timer = input.afterMs > 0 ? setTimeout(write, input.afterMs) : undefined;
    const machine = { version: '20.0.0', path: '/old/node' };
    try {
      return (await module.ensureNodeRuntime({ root, machine, patienceMs: input.patienceMs })).result;
    } finally {
      clearTimeout(timer);
      await rm(root, { recursive: true });
    }
  })()`;

  test('that appears a moment later, as while npm still writes it, is waited for', () => {
    const input = { script: 'echo v24.1.0', afterMs: 300, patienceMs: 5_000 };
    expect(evaluate('steps/node-runtime.mjs', ensure, input)).toBe('v24.1.0, pinned in node_modules');
  });

  test('that does not run is told apart from one that is not there', () => {
    const broken = { script: 'echo bad interpreter >&2; exit 1', afterMs: 0, patienceMs: 0 };
    expect(evaluate('steps/node-runtime.mjs', ensure, broken)).toEqual({
      error: expect.stringContaining('the pinned one does not run (bad interpreter)') as unknown,
    });
    expect(evaluate('steps/node-runtime.mjs', ensure, { ...broken, afterMs: -1 })).toEqual({
      error: expect.stringContaining('no pinned one came with the packages') as unknown,
    });
  });
});

describe('patches', () => {
  const apply = (text: string, patch: string) =>
    evaluate('unified-diff.mjs', 'module.applyPatch(input.text, module.parseUnifiedDiff(input.patch)[0])', {
      text,
      patch,
    });
  const patch = '--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n one\n-two\n+TWO\n+more\n@@ -4 +5 @@\n-four\n+FOUR\n';

  test('change the lines that they name, later hunks shifted by the earlier', () => {
    expect(apply('one\ntwo\nthree\nfour\n', patch)).toBe('one\nTWO\nmore\nthree\nFOUR\n');
  });

  test('that do not fit exactly are refused', () => {
    expect(apply('one\n2\nthree\nfour\n', patch)).toEqual({
      error: expect.stringContaining('does not fit at line 1') as unknown,
    });
  });
});

describe('a set-up that ended without cleaning up', () => {
  const take = `await (async () => {
    const { mkdtemp, readdir, readFile, rm, utimes, writeFile } = await import('node:fs/promises');
    const os = await import('node:os');
    const { spawnSync } = await import('node:child_process');
    const folder = await mkdtemp(os.tmpdir() + '/fleet-lock-');
    const file = folder + '/lock';
    if (input === 'ended') await writeFile(file, spawnSync('/bin/true').pid + '@' + os.hostname());
    if (input === 'lapsed') {
      await writeFile(file, '1@another-machine');
      await utimes(file, 0, 0);
    }
    const holder = await module.withLock({ file, onWait: () => undefined }, () => readFile(file, 'utf8'));
    const left = await readdir(folder);
    await rm(folder, { recursive: true });
    return { isOurs: holder === process.pid + '@' + os.hostname(), left };
  })()`;

  test.each(['free', 'ended', 'lapsed'])(
    'does not stand in the way: a lock that is %s is taken and given back',
    (holder) => {
      expect(evaluate('lock.mjs', take, holder)).toEqual({ isOurs: true, left: [] });
    },
  );
});

/** One file in tar format: a header block, then the content padded to whole blocks. */
function tarEntry(name: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, Buffer.from(content), padding]);
}
