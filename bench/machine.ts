// The machine that a result comes from.

import { availableParallelism, cpus, totalmem } from 'node:os'

export const machine = () => ({
  cores: availableParallelism(),
  model: cpus()[0]?.model,
  memoryGigabytes: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
})
