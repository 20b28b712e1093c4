// What to compile, and how: the mediasoup worker from the sources in the npm package against the distribution's
// libraries. Everything in this folder goes into the key of the cached worker, so a change here builds it anew; the
// program that carries the recipe out is ../build-worker.mjs.
//
// Why not mediasoup's own build: it fetches meson by pip and six libraries from GitHub, which a locked-down image bake
// or CI machine can't reach. meson.build stays the one list of sources; this recipe reads it.

/** Debian and Ubuntu packages that the build needs beside a working apt. */
export const DEBIAN_PACKAGES = [
  'g++',
  'pkg-config',
  'flatbuffers-compiler',
  'libflatbuffers-dev',
  'libssl-dev',
  'libsrtp2-dev',
  'libuv1-dev',
  'libabsl-dev',
];

/** The same for Fedora and its relatives. */
export const FEDORA_PACKAGES = [
  'gcc-c++',
  'pkgconf-pkg-config',
  'flatbuffers-compiler',
  'flatbuffers-devel',
  'openssl-devel',
  'libsrtp-devel',
  'libuv-devel',
  'abseil-cpp-devel',
];

/** The programs that the build starts. */
export const PROGRAMS = ['g++', 'pkg-config', 'flatc'];

/** The libraries it links, as pkg-config names them. Flatbuffers has no pkg-config file on Debian. */
export const PKG_CONFIG_MODULES = ['openssl', 'libsrtp2', 'libuv', 'absl_strings', 'absl_optional'];

export const FLATC_ARGUMENTS = [
  '--cpp',
  '--cpp-field-case-style',
  'lower',
  '--reflect-names',
  '--scoped-enums',
  '--filename-suffix',
  '',
];

/** -O3 and NDEBUG are meson's `release`, as in mediasoup's own binaries; -w because the warnings are not ours. */
export const COMPILE_FLAGS = [
  '-std=c++20',
  '-O3',
  '-w',
  '-pthread',
  '-DMS_LITTLE_ENDIAN',
  '-DMS_EXECUTABLE',
  '-DFLATBUFFERS_LOCALE_INDEPENDENT=1',
  '-DNDEBUG',
];

/**
 * Headers that nearly every source includes, compiled once for all, together with the generated ones: parsing them is
 * most of the compile time. Only headers without macros that depend on their includer (so not mediasoup's own).
 */
export const PRECOMPILED_HEADERS = [
  'algorithm',
  'array',
  'cinttypes',
  'cmath',
  'cstddef',
  'cstdint',
  'cstdio',
  'cstdlib',
  'cstring',
  'deque',
  'functional',
  'limits',
  'list',
  'map',
  'memory',
  'optional',
  'set',
  'span',
  'sstream',
  'string',
  'string_view',
  'utility',
  'vector',
  'absl/memory/memory.h',
  'absl/types/optional.h',
  'ankerl/unordered_dense.h',
  'flatbuffers/flatbuffers.h',
  'uv.h',
];

export const LINK_FLAGS = ['-pthread', '-s'];

/**
 * The string literals of each `<variable> = [...]` and `<variable> += [...]` in a meson file. Good for exactly the
 * shape these files have: one quoted path per line, and a closing bracket on a line of its own.
 * @param {string} meson
 * @param {string} variable
 * @returns {string[]}
 */
export function mesonList(meson, variable) {
  const blocks = meson.matchAll(new RegExp(`^\\s*${variable} \\+?= \\[$([^\\]]*)^\\s*\\]`, 'gm'));
  return [...blocks].flatMap((block) => [...block[1].matchAll(/'([^']+)'/g)].map((literal) => literal[1]));
}

/**
 * Sources of the worker's executable, relative to mediasoup's worker folder. `common_sources` includes the files that
 * meson adds under `not ms_use_builtin_bwe`, which is its default.
 * @param {{ workerMeson: string, libwebrtcMeson: string }} mesonFiles
 */
export function workerSources({ workerMeson, libwebrtcMeson }) {
  const common = mesonList(workerMeson, 'common_sources');
  const libwebrtc = mesonList(libwebrtcMeson, 'libwebrtc_sources').map((file) => `deps/libwebrtc/${file}`);
  if (
    !common.includes('src/Worker.cpp') ||
    !common.includes('src/DepLibWebRTC.cpp') ||
    libwebrtc.length === 0
  ) {
    throw new Error(
      'the list of sources in mediasoup/worker/meson.build has a new shape: adapt worker-build/recipe.mjs',
    );
  }
  return [...common, 'src/main.cpp', ...libwebrtc];
}
