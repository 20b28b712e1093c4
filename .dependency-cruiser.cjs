// The import directions of docs/architecture.md, section 1: a folder may import of ours only what is listed for it here.

const OWN = '^(bin|core|lib|lambdas|node-app|web|local|test|scripts)/';
/** Scripts that take a picture of what runs. */
const SCREENSHOT = '^scripts/screenshot';

/** @param {string} folder @param {string[]} allowed regular expressions of what of ours it may import, beside itself */
const onlyFrom = (folder, allowed) => ({
  name: `${folder.replace('/', '-')}-imports`,
  comment: `${folder} may import of ours: ${[`^${folder}/`, ...allowed].join(' ')}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { path: OWN, pathNot: [`^${folder}/`, ...allowed] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or miss a third.',
      severity: 'error',
      from: { path: OWN },
      to: { circular: true },
    },
    onlyFrom('core', []),
    onlyFrom('lib', ['^core/']),
    onlyFrom('lambdas', ['^core/']),
    onlyFrom('node-app', ['^core/']),
    // The local fleet reaches node-app and lambdas as processes and bundles, as AWS does; scripts/build-* makes these.
    onlyFrom('local', ['^core/', '^scripts/setup/', '^scripts/build-']),
    onlyFrom('bin', ['^lib/', '^local/', '^core/', '^scripts/setup/', '^scripts/build-']),
    {
      name: 'scripts-imports',
      comment: 'scripts may import of ours: ^core/; screenshots have a rule of their own',
      severity: 'error',
      from: { path: '^scripts/', pathNot: SCREENSHOT },
      to: { path: OWN, pathNot: ['^scripts/', '^core/'] },
    },
    onlyFrom('web/sdk', ['^core/protocol/']),
    onlyFrom('web/shared', []),
    onlyFrom('web/demo', ['^web/sdk/', '^web/shared/', '^core/protocol/']),
    onlyFrom('web/console', ['^web/sdk/', '^web/shared/', '^core/protocol/']),
    {
      name: 'core-is-pure',
      comment: 'core holds decisions over snapshots: zod for schemas, no other package and nothing of Node.',
      severity: 'error',
      from: { path: '^core/' },
      to: {
        dependencyTypes: [
          'core',
          'npm',
          'npm-dev',
          'npm-optional',
          'npm-peer',
          'npm-no-pkg',
          'npm-unknown',
          'unknown',
        ],
        pathNot: '(^|/)node_modules/zod/',
      },
    },
    {
      name: 'browser-code-has-no-node',
      comment: 'web runs in a browser.',
      severity: 'error',
      from: { path: '^web/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-tests-import-tests',
      severity: 'error',
      from: { pathNot: ['^test/', SCREENSHOT] },
      to: { path: '^test/' },
    },
    {
      name: 'screenshots-import-test-helpers',
      comment:
        'The README shows a running fleet; what starts one, and a browser, exists once: for the tests.',
      severity: 'error',
      from: { path: SCREENSHOT },
      to: { path: OWN, pathNot: ['^scripts/', '^core/', '^test/helpers/'] },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere, or to a package that package.json does not name.',
      severity: 'error',
      from: { path: OWN },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|dist|coverage|docs|cdk[.]out)/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts', '.d.cts'],
    },
  },
};
