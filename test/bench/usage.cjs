// Loaded before a program (`node -r`): writes what its process took to its fourth stream as it ends.
const { writeSync } = require('node:fs')

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeSync(3, JSON.stringify({ processor: (userCPUTime + systemCPUTime) / 1e6, bytes: maxRSS * 1024 }))
})
