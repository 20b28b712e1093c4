// One jest project per kind of real part that its tests need; `npm test -- --selectProjects unit` runs one.
// Packages that are published as ES modules only, which jest loads as CommonJS like everything else.
const ES_MODULES = ['jose', 'content-disposition', 'commander'].join('|');
const transform = {
  [`/node_modules/(${ES_MODULES})/.+\\.js$`]: [
    '@swc/jest',
    { jsc: { target: 'es2023' }, module: { type: 'commonjs' } },
  ],
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
  ],
};

/** @param {string} name @param {object} [more] */
const project = (name, more = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testEnvironment: 'node',
  transform,
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES})/)`],
  ...more,
});

module.exports = {
  projects: [
    project('unit'),
    project('redis'),
    project('model'),
    project('lambdas'),
    project('cloud'),
    project('contract'),
    project('media'),
    project('local'),
    project('cdk'),
    // Fleets on hosts of their own, regions, and lossy links.
    project('fleets'),
    project('scenarios'),
    // Real time: one at a time.
    project('chaos'),
    project('load'),
    project('e2e'),
  ],
  // Media and browser tests start real workers and Chromium: more than two at once starve a 2-core machine.
  maxWorkers: 2,
  testTimeout: 240_000,
};
