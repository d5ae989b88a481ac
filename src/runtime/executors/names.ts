/**
 * What can run graphs: onnxruntime's binding for Node, or the C API of the same library, which needs koffi to call it and
 * keeps state where it is.
 */
export const executorNames = ['binding', 'c-api'] as const
export type ExecutorName = (typeof executorNames)[number]
