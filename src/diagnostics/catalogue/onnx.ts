import { define } from '../define.js'

/** The first lines, one below the other. */
const listed = (lines: readonly string[]): string => {
  const most = 8
  const shown = lines.slice(0, most).map((l) => l.slice(0, 300))
  const rest = lines.length - most
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
}

interface Faulty {
  readonly path: string
  readonly lines: readonly string[]
  /** What to do about these lines, where there is more to say than for the others of the kind. */
  readonly help?: string | undefined
}

export const noModelFile = define<{ path: string }>(
  'onnx/missing',
  'error',
  `
\`onnx("path")\` reads an ONNX file when the pipeline is checked, because its graph says which shapes and parameters the
model has. A path is relative to the project root, one that begins with \`./\` or \`../\` to
the file in which it is written; no file is there.
`,
  ({ path }) => ({
    message: `there is no ONNX file at ${path}`,
    help: 'a path is relative to the project root, one that begins with `./` or `../` to its file',
  }),
)

export const damagedModel = define<Faulty>(
  'onnx/damaged',
  'error',
  `
The file is not a valid ONNX model: it is cut short or not ONNX at all, a node uses a value that nothing makes before
it, two values have one name, a tensor is not as long as its shape says, or a node has other inputs or attributes than
its operator has in the opset of the file. Export or fetch the file again;
\`onnx.checker.check_model\` in Python names such faults too.
`,
  ({ path, lines, help }) => ({
    message: `${path} is damaged: ${listed(lines)}`,
    help: help ?? 'export or fetch the file again',
  }),
)

export const unsupportedModel = define<Faulty>(
  'onnx/unsupported',
  'error',
  `
The model uses something that \`onnx(...)\` does not take: an operator that dcrc does not have, an element type, an opset
other than 7 to 28, or a node with a nested graph other than If. All nodes at fault are named, with their operators.

Often another setting of the exporter writes it with other operators. For torch: export in evaluation mode
(\`model.eval()\`), with \`opset_version=17\` or newer, and without post-processing.
`,
  ({ path, lines, help }) => ({
    message: `${path} cannot be imported: ${listed(lines)}`,
    help: help ?? 'export it with other operators, or without the part that needs them',
  }),
)

export const outsideModel = define<Faulty>(
  'onnx/external-data',
  'error',
  `
An ONNX file may keep its weights in other files. These must lie in the folder of the model, also once symbolic links
are followed, and hold as many bytes as the model says. A model that points elsewhere could read any file of the machine
and is refused.
`,
  ({ path, lines, help }) => ({
    message: `${path}: ${listed(lines)}`,
    help: help ?? 'put the model and its data files together, under the names that they were exported with',
  }),
)

export const misfitModel = define<Faulty>(
  'onnx/call',
  'error',
  `
The graph of an imported model is built for the shapes of each call. Here the arguments are not as the file declares its
inputs, or some node does not fit the shapes that follow from them. A model that was exported with a fixed batch takes
that batch alone: export it with a dynamic first axis (\`dynamic_axes\` or \`dynamic_shapes\` of torch.onnx.export). One
of f16 takes and gives f16: \`cast(encoder(cast(image, f16)), f32)\`.
`,
  ({ path, lines, help }) => ({
    message: `this call does not fit ${path}: ${listed(lines)}`,
    help:
      help ??
      'give the shapes that the file has; a size that is fixed in it can be exported as a dynamic one',
  }),
)

export const partModel = define<Record<string, never>>(
  'onnx/part',
  'error',
  `
An imported model keeps its weights in its own file, so it is a model by itself and no part of a module.

\`\`\`dcr
model both = Pair(onnx("encoder.onnx"))      // wrong
model encoder = onnx("encoder.onnx")         // right
\`\`\`
`,
  () => ({
    message: 'an imported model is no part of another one',
    help: 'declare it by itself: `model name = onnx("file.onnx")`',
  }),
)

export const mergedWeights = define<{
  merged: readonly { readonly path: string; readonly readers: readonly string[] }[]
}>(
  'onnx/merged-weights',
  'warning',
  `
A weight of an ONNX file that several nodes read is trained as one. Some models share weights on purpose, an embedding
with the layer that ends them; but exporters also merge weights that happen to be equal when they export, such as the
ones and zeros that normalizations begin with, or copies of one layer. Trained apart in the original, they stay equal
here.

Export without merging (of torch.onnx, \`optimize=False\`), or once the weights differ. Where they are one on purpose,
say so: \`allow "onnx/merged-weights" "the embedding is tied"\`.
`,
  ({ merged }) => ({
    message: `trained as one: ${listed(merged.map(({ path, readers }) => `\`${path}\` of ${readers.slice(0, 4).join(', ')}${readers.length > 4 ? ` and ${readers.length - 4} more` : ''}`))}`,
    help: 'an exporter may have merged weights that were equal: export without that, or, if they are one on purpose, `allow "onnx/merged-weights" "why"`',
  }),
)

export const idleWeights = define<{ idle: readonly string[] }>(
  'onnx/idle-weights',
  'warning',
  `
An ONNX file may hold weights that nothing is computed from that it gives: exporters leave the parts behind that only
training needed, such as running statistics. \`train model\` leaves them out, and they stay as they are in the file.

Where that is known, say so: \`allow "onnx/idle-weights" "statistics that the exporter left behind"\`. Was it to train
what the file should give, export the model once more.
`,
  ({ idle }) => ({
    message: `not trained, since nothing that the file gives is computed from ${idle.length === 1 ? 'it' : 'them'}: ${idle
      .slice(0, 6)
      .map((path) => `\`${path}\``)
      .join(', ')}${idle.length > 6 ? ` and ${idle.length - 6} more` : ''}`,
    help: 'an exporter has left them behind; where that is known, `allow "onnx/idle-weights" "why"`',
  }),
)
