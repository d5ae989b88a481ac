/**
 * onnxruntime reports to its vendor what it runs, with names of graphs and texts of errors, unless this is set when its
 * library is loaded. A thread has a copy of the environment, the library reads the one of the process: the main thread
 * sets it, before onnxruntime is loaded and before a thread starts that loads it.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1'
