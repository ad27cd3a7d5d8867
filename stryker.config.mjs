// Mutation tests of the domains: does any test notice when a line of them is wrong? See docs/mutation.md.
// Parts of it: npm run test:mutation -- --mutate src/rotation/plan.ts

const about = [
  'plan',
  'history',
  'look',
  'act',
  'prove',
  'check-account',
  'timing',
  'put-back',
  'requests',
  'spread',
  'fleet',
  'status',
  'rotation-survivors',
  'key-age',
  'before-publish',
  'run-length',
  'issue-token',
  'vending-look',
  'callers',
  'verdict-cache',
  'rate-limit',
]

// Properties are searched less far for each mutant than in `npm test`.
process.env.KEYSTILE_PROPERTY_RUNS ??= '50'

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
const config = {
  mutate: ['src/{rotation,vending,callers}/*.ts'],
  // A copy of what these tests need, where git, the linter and the other tests do not look.
  tempDirName: '.local/stryker',
  ignorePatterns: ['**', '!src/**', '!test/**', '!jest.config.js', '!package.json'],
  testRunner: 'jest',
  jest: {
    configFile: 'jest.config.js',
    config: {
      testMatch: [`<rootDir>/test/unit/{${about.join(',')}}*.test.ts`, '<rootDir>/test/properties/plan*.test.ts'],
    },
    enableFindRelatedTests: false,
  },
  // Of each mutant only the tests that reach it, up to the first that fails.
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Jest keeps what it loaded: a process that ran hundreds of mutants is slow, and as large as the machine lets it be.
  maxTestRunnerReuse: 40,
  // A mutant that only ran on a busy machine must not count as one that hangs.
  timeoutMS: 30_000,
  // What did not change is not run again; --force runs everything.
  incremental: true,
  incrementalFile: '.local/mutation-incremental.json',
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.local/mutation.json' },
  thresholds: { high: 95, low: 90, break: 90 },
}

// biome-ignore lint/style/noDefaultExport: Stryker reads the default export.
export default config
