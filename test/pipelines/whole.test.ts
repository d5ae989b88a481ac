import { describeWhole } from './whole.js'

describeWhole(/^(?!backbones\/)/)
