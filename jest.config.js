// Jest runs CommonJS: swc turns our modules, and the dependencies that ship only ES modules, into it.
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.[mc]?[jt]s$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(jose)/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.local/', '<rootDir>/.stryker-tmp/'],
  setupFilesAfterEnv: ['<rootDir>/test/support/secret-equality.ts'],
  // Much of the time is waiting: for leases, graces, processes.
  maxWorkers: 3,
  testTimeout: 30_000,
}
