/** The version of the C API that the table below is of. */
export const apiVersion = 24

/**
 * What we call of onnxruntime's C API: places in its table `OrtApi`, which only ever grows at its end, with parameters
 * and results. Pointers to whatever it makes are `void *`, as are those to memory that it reads or writes.
 */
export const functions = {
  GetErrorMessage: [2, 'str (void *)'],
  ReleaseStatus: [93, 'void (void *)'],

  CreateEnv: [3, 'void *(int, str, void *)'],
  DisableTelemetryEvents: [6, 'void *(void *)'],

  CreateSessionOptions: [10, 'void *(void *)'],
  EnableProfiling: [14, `void *(void *, ${process.platform === 'win32' ? 'str16' : 'str'})`],
  DisableMemPattern: [17, 'void *(void *)'],
  SetSessionLogSeverityLevel: [22, 'void *(void *, int)'],
  SetSessionGraphOptimizationLevel: [23, 'void *(void *, int)'],
  SetIntraOpNumThreads: [24, 'void *(void *, int)'],
  AddSessionConfigEntry: [130, 'void *(void *, str, str)'],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'void *(void *, void *)'],
  ReleaseSessionOptions: [100, 'void (void *)'],

  CreateCUDAProviderOptions: [205, 'void *(void *)'],
  UpdateCUDAProviderOptions: [206, 'void *(void *, str *, str *, size_t)'],
  ReleaseCUDAProviderOptions: [208, 'void (void *)'],

  CreateSessionFromArray: [8, 'void *(void *, void *, size_t, void *, void *)'],
  SessionGetInputCount: [30, 'void *(void *, void *)'],
  SessionGetInputName: [36, 'void *(void *, size_t, void *, void *)'],
  SessionEndProfiling: [110, 'void *(void *, void *, void *)'],
  ReleaseSession: [95, 'void (void *)'],

  GetAllocatorWithDefaultOptions: [78, 'void *(void *)'],
  AllocatorFree: [76, 'void *(void *, void *)'],
  CreateMemoryInfo: [68, 'void *(str, int, int, int, void *)'],
  ReleaseMemoryInfo: [94, 'void (void *)'],
  CreateCpuMemoryInfo: [69, 'void *(int, int, void *)'],

  CreateTensorAsOrtValue: [48, 'void *(void *, void *, size_t, int, void *)'],
  CreateTensorWithDataAsOrtValue: [49, 'void *(void *, void *, size_t, void *, size_t, int, void *)'],
  GetTensorMutableData: [51, 'void *(void *, void *)'],
  GetTensorTypeAndShape: [65, 'void *(void *, void *)'],
  GetTensorElementType: [60, 'void *(void *, void *)'],
  GetDimensionsCount: [61, 'void *(void *, void *)'],
  GetDimensions: [62, 'void *(void *, void *, size_t)'],
  ReleaseTensorTypeAndShapeInfo: [99, 'void (void *)'],
  ReleaseValue: [96, 'void (void *)'],

  CreateRunOptions: [39, 'void *(void *)'],
  AddRunConfigEntry: [165, 'void *(void *, str, str)'],
  ReleaseRunOptions: [97, 'void (void *)'],
  Run: [9, 'void *(void *, void *, str *, void *, size_t, str *, size_t, void *)'],
  RunWithBinding: [133, 'void *(void *, void *, void *)'],
  CreateIoBinding: [134, 'void *(void *, void *)'],
  ReleaseIoBinding: [135, 'void (void *)'],
  BindInput: [136, 'void *(void *, str, void *)'],
  BindOutput: [137, 'void *(void *, str, void *)'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>

export type FunctionName = keyof typeof functions
