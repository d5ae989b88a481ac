/*
 * CUDA's libraries without a device, for onnxruntime's real CUDA provider to stand on: memory of the device is memory
 * of the host, copies are made and counted, kernels are counted and compute nothing. What is not written here is a
 * function that succeeds, made by build.ts. Layouts are those of CUDA 13.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int handle(void **h) {
  *h = malloc(64);
  return 0;
}

#ifdef STUB_cudart

static struct {
  size_t used, peak, to_device, to_host, on_device;
  long launches, graph_launches, allocations, in_capture;
} count;
static int capturing;

/* ---- the device ---- */

int cudaGetDeviceCount(int *n) { return *n = 1, 0; }
int cudaGetDevice(int *n) { return *n = 0, 0; }
int cudaSetDevice(int n) { return 0; }
int cudaDriverGetVersion(int *v) { return *v = 13000, 0; }
int cudaRuntimeGetVersion(int *v) { return *v = 13000, 0; }

static const size_t total_memory = 150ull << 30;

int cudaGetDeviceProperties(char *p, int device) {
  memset(p, 0, 1008);
  strcpy(p, "stub");
#define SET(type, offset, value) (*(type *)(p + offset) = value)
  SET(size_t, 288, total_memory);
  SET(size_t, 296, 49152);     /* sharedMemPerBlock */
  SET(int, 304, 65536);        /* regsPerBlock */
  SET(int, 308, 32);           /* warpSize */
  SET(int, 320, 1024);         /* maxThreadsPerBlock */
  SET(int, 324, 1024), SET(int, 328, 1024), SET(int, 332, 64);         /* maxThreadsDim */
  SET(int, 336, 2147483647), SET(int, 340, 65535), SET(int, 344, 65535); /* maxGridSize */
  SET(int, 360, 9), SET(int, 364, 0);                                   /* compute capability */
  SET(int, 384, 132);          /* multiProcessorCount */
  SET(int, 560, 1);            /* concurrentKernels */
  SET(int, 588, 1);            /* unifiedAddressing */
  SET(int, 596, 60 << 20);     /* l2CacheSize */
  SET(int, 604, 2048);         /* maxThreadsPerMultiProcessor */
  SET(size_t, 624, 233472);    /* sharedMemPerMultiprocessor */
  SET(int, 632, 65536);        /* regsPerMultiprocessor */
  SET(size_t, 672, 232448);    /* sharedMemPerBlockOptin */
  SET(int, 688, 32);           /* maxBlocksPerMultiProcessor */
  SET(int, 720, 1);            /* memoryPoolsSupported */
  return 0;
}

int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
  case 1: *value = 1024; break;    /* MaxThreadsPerBlock */
  case 8: *value = 49152; break;   /* MaxSharedMemoryPerBlock */
  case 10: *value = 32; break;     /* WarpSize */
  case 16: *value = 132; break;    /* MultiProcessorCount */
  case 39: *value = 2048; break;   /* MaxThreadsPerMultiProcessor */
  case 75: *value = 9; break;      /* ComputeCapabilityMajor */
  case 76: *value = 0; break;      /* ComputeCapabilityMinor */
  case 81: *value = 233472; break; /* MaxSharedMemoryPerMultiprocessor */
  case 97: *value = 232448; break; /* MaxSharedMemoryPerBlockOptin */
  default: *value = 1;
  }
  return 0;
}

/* ---- memory ---- */

static struct {
  void *at;
  size_t bytes;
} blocks[1 << 18];
static int held;

int cudaMemGetInfo(size_t *free_, size_t *total) { return *total = total_memory, *free_ = *total - count.used, 0; }

int cudaMalloc(void **p, size_t bytes) {
  if (count.used + bytes > total_memory || held == 1 << 18) return 2;
  if (bytes >= 1 << 20) {
    *p = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (*p == MAP_FAILED) return 2;
  } else if (posix_memalign(p, 256, bytes ? bytes : 1))
    return 2;
  else memset(*p, 0, bytes);
  blocks[held].at = *p, blocks[held++].bytes = bytes;
  count.allocations++;
  count.in_capture += capturing;
  count.used += bytes;
  if (count.used > count.peak) count.peak = count.used;
  return 0;
}

int cudaFree(void *p) {
  for (int i = held - 1; i >= 0; i--) {
    if (blocks[i].at != p) continue;
    size_t bytes = blocks[i].bytes;
    blocks[i] = blocks[--held];
    count.used -= bytes;
    if (bytes >= 1 << 20) munmap(p, bytes);
    else free(p);
    return 0;
  }
  return p == 0 ? 0 : 1;
}

int cudaMallocFromPoolAsync(void **p, size_t bytes, void *pool, void *stream) { return cudaMalloc(p, bytes); }
int cudaFreeAsync(void *p, void *stream) { return cudaFree(p); }
int cudaMallocHost(void **p, size_t bytes) { return *p = malloc(bytes ? bytes : 1), 0; }
int cudaHostAlloc(void **p, size_t bytes, unsigned flags) { return *p = malloc(bytes ? bytes : 1), 0; }
int cudaFreeHost(void *p) { return free(p), 0; }

static int copied(void *to, const void *from, size_t bytes, int kind) {
  memmove(to, from, bytes);
  if (kind == 1) count.to_device += bytes;
  else if (kind == 2) count.to_host += bytes;
  else count.on_device += bytes;
  /* A captured copy between host and device would read the same address of the host at each replay. */
  if (capturing && kind != 3) count.in_capture++;
  return 0;
}
int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) { return copied(to, from, bytes, kind); }
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
  return copied(to, from, bytes, kind);
}
int cudaMemset(void *p, int value, size_t bytes) { return memset(p, value, bytes), 0; }
int cudaMemsetAsync(void *p, int value, size_t bytes, void *stream) { return memset(p, value, bytes), 0; }

int cudaPointerGetAttributes(char *a, const void *p) {
  memset(a, 0, 88);
  *(int *)a = 2; /* cudaMemoryTypeDevice */
  *(const void **)(a + 8) = p;
  return 0;
}

/* ---- streams, events, graphs ---- */

int cudaStreamCreate(void **s) { return handle(s); }
int cudaStreamCreateWithFlags(void **s, unsigned flags) { return handle(s); }
int cudaEventCreate(void **e) { return handle(e); }
int cudaEventCreateWithFlags(void **e, unsigned flags) { return handle(e); }
int cudaEventElapsedTime(float *ms, void *from, void *to) { return *ms = 1, 0; }
int cudaMemPoolCreate(void **pool, void *properties) { return handle(pool); }
int cudaStreamBeginCapture(void *s, int mode) { return capturing = 1, 0; }
int cudaStreamEndCapture(void *s, void **graph) { return capturing = 0, handle(graph); }
int cudaStreamIsCapturing(void *s, int *status) { return *status = capturing, 0; }
int cudaGraphInstantiate(void **e, void *graph, unsigned long long flags) { return handle(e); }
int cudaGraphLaunch(void *e, void *s) { return count.graph_launches++, 0; }

/* ---- kernels ---- */

int cudaLaunchKernel(void *kernel) { return count.launches++, 0; }
int __cudaLaunchKernel(void *kernel) { return count.launches++, 0; }
int cudaLaunchKernelExC(void *config) { return count.launches++, 0; }
int cudaFuncGetAttributes(char *a, const void *kernel) {
  memset(a, 0, 144);
  *(int *)(a + 24) = 1024; /* maxThreadsPerBlock */
  *(int *)(a + 28) = 32;   /* numRegs */
  *(int *)(a + 32) = 90, *(int *)(a + 36) = 90;
  return 0;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *n, void *kernel, int block, size_t shared, unsigned flags) {
  return *n = 2, 0;
}
typedef struct {
  unsigned x, y, z;
} Size;
static struct {
  Size grid, block;
  size_t shared;
  void *stream;
} call;
unsigned __cudaPushCallConfiguration(Size grid, Size block, size_t shared, void *stream) {
  return call.grid = grid, call.block = block, call.shared = shared, call.stream = stream, 0;
}
int __cudaPopCallConfiguration(Size *grid, Size *block, size_t *shared, void **stream) {
  return *grid = call.grid, *block = call.block, *shared = call.shared, *stream = call.stream, 0;
}
void **__cudaRegisterFatBinary(void *image) {
  static void *registered[4];
  return registered;
}
int cudaGetDriverEntryPointByVersion(const char *name, void **f, unsigned version, unsigned long long flags, int *status) {
  *f = 0;
  if (status) *status = 1;
  return 0;
}
const char *cudaGetErrorName(int error) { return error == 2 ? "cudaErrorMemoryAllocation" : "cudaErrorStub"; }
const char *cudaGetErrorString(int error) { return error == 2 ? "out of memory" : "an error of the stub"; }

/* ---- what was counted ---- */

static void write_counts(FILE *to) {
  fprintf(to,
          "{\"used\":%zu,\"peak\":%zu,\"toDevice\":%zu,\"toHost\":%zu,\"onDevice\":%zu,\"launches\":%ld,"
          "\"graphLaunches\":%ld,\"allocations\":%ld,\"inCapture\":%ld}\n",
          count.used, count.peak, count.to_device, count.to_host, count.on_device, count.launches,
          count.graph_launches, count.allocations, count.in_capture);
}

/* The counts so far, as JSON, in a text of the caller. */
void stub_counts(char *text, size_t size) {
  FILE *to = fmemopen(text, size, "w");
  if (!to) return;
  write_counts(to);
  fclose(to);
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("STUB_CUDA_COUNTS");
  FILE *to = path ? fopen(path, "w") : 0;
  if (!to) return;
  write_counts(to);
  fclose(to);
}

#endif
#ifdef STUB_cublas

int cublasCreate_v2(void **h) { return handle(h); }
int cublasGetMathMode(void *h, int *mode) { return *mode = 0, 0; }
const char *cublasGetStatusName(int status) { return "STUB"; }
const char *cublasGetStatusString(int status) { return "STUB"; }

#endif
#ifdef STUB_cublasLt

int cublasLtCreate(void **h) { return handle(h); }

#endif
#ifdef STUB_cudnn

size_t cudnnGetVersion(void) { return 91900; }
size_t cudnnGetCudartVersion(void) { return 13000; }
int cudnnCreate(void **h) { return handle(h); }
const char *cudnnGetErrorString(int status) { return "STUB"; }
int cudnnBackendCreateDescriptor(int type, void **d) { return handle(d); }
int cudnnBackendDestroyDescriptor(void *d) { return free(d), 0; }
int cudnnBackendGetAttribute(void *d, int name, int type, int64_t asked, int64_t *found, void *out) {
  if (found) *found = 1;
  if (!out || asked <= 0 || type == 15) return 0;
  if (type == 3 || type == 5 || type == 6) *(int64_t *)out = 0;
  else *(int32_t *)out = 0;
  return 0;
}

#endif
