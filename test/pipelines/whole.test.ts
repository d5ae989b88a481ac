import { describeWhole } from './whole.js'

// Those of tiny.dcr are compiled where they run, in tiny.test.ts.
describeWhole(/^(?!backbones\/|tiny\.dcr)/)
