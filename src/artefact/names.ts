import { z } from 'zod'

/** A name that becomes the name of a file or folder: one part of a path, which leads neither up nor elsewhere. */
export const nameSchema = z.string().regex(/^[A-Za-z_][\w.-]{0,199}$/, 'a name must be one part of a path')

/** The name of a graph's file, beside the manifest. */
export const graphFileSchema = z
  .string()
  .regex(/^[A-Za-z_][\w.-]{0,199}\.onnx$/, 'a file must be an .onnx file beside the manifest')
