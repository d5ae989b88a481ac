import { setFlagsFromString } from 'node:v8'

// A command lives for seconds: code is compiled at once without optimisation, and optimised only where it stays hot.
// With Node's own settings a check spends more time on optimising functions than on running them.
setFlagsFromString('--sparkplug')
setFlagsFromString('--interrupt-budget=1000000')
