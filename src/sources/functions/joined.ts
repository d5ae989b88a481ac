import { text } from '../source.js'
import type { HostFunction } from '../source.js'

const joined: HostFunction = {
  name: 'joined',
  doc: 'Two texts as one: the first, the words between, the second. `joined(name, other_name, by = " left of ")`.',
  parameters: [
    { name: 'first', kind: 'column', takes: 'text', doc: 'What comes first.' },
    { name: 'second', kind: 'column', takes: 'text', doc: 'What comes last.' },
    { name: 'by', kind: 'string', default: ' ', doc: 'What stands between, with its spaces.' },
  ],
  type: () => text,
}

export default joined
