import { describeWhole } from './whole.js'

describeWhole(/^backbones\/(?!diva|genhancer)/)
