import { define } from '../define.js'

export const noFile = define<{ path: string; folder?: boolean; suggestion?: string | undefined }>(
  'file/missing',
  'error',
  `
The file named on the command line does not exist, is a folder, or cannot be read.
`,
  ({ path, folder = false, suggestion }) => ({
    message: folder ? `\`${path}\` is a folder` : `cannot read \`${path}\``,
    help: folder
      ? 'name a file in it'
      : suggestion === undefined
        ? 'paths are relative to the folder that dcrc is started in'
        : `did you mean \`${suggestion}\`?`,
  }),
)

export const notText = define<{ path: string }>(
  'file/not-text',
  'error',
  `
A \`.dcr\` file is text in UTF-8. This one holds bytes that are none: it is another kind of file, or an editor saved it
in another encoding, such as UTF-16 or Latin-1.
`,
  ({ path }) => ({
    message: `\`${path}\` is no text in UTF-8`,
    help: 'save it as UTF-8, or name another file',
  }),
)

export const noCandidate = define<{ candidates: readonly string[] }>(
  'file/which',
  'error',
  `
Without a file name, \`dcrc\` takes the only \`.dcr\` file of the folder that declares a pipeline, or the file that
\`package.json\` names: \`"dcrc": "pipelines/dcr.dcr"\`. Here there is none, or more than one.
`,
  ({ candidates }) => ({
    message:
      candidates.length === 0
        ? 'there is no pipeline file in this folder'
        : `there are ${candidates.length} pipeline files in this folder`,
    help:
      candidates.length === 0
        ? 'name one: `dcrc run FILE`, or make a project: `dcrc new NAME`'
        : `name one: ${candidates.slice(0, 6).join(', ')}`,
  }),
)

export const exists = define<{ path: string }>(
  'file/exists',
  'error',
  `
\`dcrc new\` makes a folder, or fills an empty one. It does not write into one that holds something.
`,
  ({ path }) => ({ message: `\`${path}\` exists already`, help: 'choose another name' }),
)

export const notCompiled = define<{ path: string }>(
  'file/not-compiled',
  'error',
  `
The folder given to \`dcrc run\` holds no \`manifest.json\`, so it is not what \`dcrc compile FILE\` writes.
`,
  ({ path }) => ({
    message: `\`${path}\` is a folder without a compiled pipeline`,
    help: 'name a .dcr file, or compile one: `dcrc compile FILE`',
  }),
)

export const compiledSettings = define<{ path: string; option: string }>(
  'file/compiled-settings',
  'error',
  `
The values of a pipeline's params are built into its graphs, and so is what it is compiled for. A compiled folder has
those it was compiled with, so \`--set\` and \`--target\` would do nothing to it.

\`\`\`sh
dcrc compile FILE --set tau=0.2
dcrc run FILE --set tau=0.2
\`\`\`
`,
  ({ path, option }) => ({
    message: `\`${path}\` is compiled: its ${option === '--set' ? 'params have their values' : 'graphs are made for a target'}`,
    help: `give ${option} with the .dcr file, to \`dcrc compile\` or \`dcrc run\``,
  }),
)

export const notAnArtefact = define<{ path: string; others: readonly string[] }>(
  'file/not-replaced',
  'error',
  `
\`dcrc compile\` writes a whole folder and replaces what an earlier compilation left in it: the files that its
\`manifest.json\` lists, and nothing else. It replaces no folder that holds anything more, so that \`--out .\` cannot
delete your files.
`,
  ({ path, others }) => ({
    message: `\`${path}\` holds something else than a compiled pipeline: ${others.slice(0, 3).join(', ')}${others.length > 3 ? ` and ${others.length - 3} more` : ''}`,
    help: 'name a new folder, or an empty one; a folder that nobody needs can be removed first',
  }),
)

export const outsideOfFolder = define<{ folder: string; name: string }>(
  'file/outside',
  'error',
  `
What is read from a file names a file that is to be written, and the name leads out of the folder in which all is written:
an artefact or a run that something else than \`dcrc\` made, or changed. Nothing was written or removed. Compile the
pipeline again.
`,
  ({ folder, name }) => ({
    message: `\`${name}\` lies outside of ${folder}`,
    help: 'compile the pipeline again',
  }),
)

export const refused = define<{ problem: string; help?: string | undefined }>(
  'file/refused',
  'error',
  `
The operating system refused to read or write a file: no permission, no space left, a quota, a read-only or failing disk,
a file that is not there any more, or a folder where a file should be. The message is the system's.
`,
  ({ problem, help = 'look at the permissions, the free space and the path' }) => ({
    message: problem,
    help,
  }),
)

export const samePipeline = define<{ name: string; files: readonly string[] }>(
  'file/same-pipeline',
  'error',
  `
\`dcrc compare\` gives each pipeline a folder and a row of the table by its name, so the names must differ.

\`\`\`dcr
use "./quickstart.dcr" { dcr }
pipeline warmer extends dcr { override param tau = 0.2 }
\`\`\`
`,
  ({ name, files }) => ({
    message: `pipeline \`${name}\` is to be compared with itself`,
    why: `${[...new Set(files)].join(' and ')} gives it, and each row of the table is named after its pipeline`,
    help: 'give one of them another name: `pipeline other extends ...`',
  }),
)
