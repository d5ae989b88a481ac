/*
 * Preloaded into a process, counts the calls that change what is below a folder, and makes one of them go wrong: the
 * process is killed before it or in the middle of it, or the call fails or does only half of its work.
 *
 *   CRASH_FOLDER  the folder, as an absolute path
 *   CRASH_AT      the number of the call, from 1; 0: none
 *   CRASH_HOW     kill, torn (half of a write, then killed), short (half of a write), or the number of an error
 *   CRASH_STAYS   with an error: all calls from then on fail
 *   CRASH_LOG     a file to which each call is appended as a line
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

static int below(const char *path) {
  const char *folder = getenv("CRASH_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int belowFd(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return below(path);
}

static void record(const char *name, long number) {
  const char *log = getenv("CRASH_LOG");
  if (!log) return;
  static int (*openReal)(const char *, int, ...);
  static ssize_t (*writeReal)(int, const void *, size_t);
  if (!openReal) openReal = dlsym(RTLD_NEXT, "open");
  if (!writeReal) writeReal = dlsym(RTLD_NEXT, "write");
  char line[64];
  int length = snprintf(line, sizeof line, "%ld %s\n", number, name);
  int fd = openReal(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0) return;
  if (writeReal(fd, line, (size_t)length) < 0) abort();
  close(fd);
}

enum fate { GOES_ON, HALF, HALF_THEN_KILLED, FAILS };

/** What is to become of a call below the folder. */
static enum fate fateOf(const char *name) {
  long number = atomic_fetch_add(&calls, 1) + 1;
  record(name, number);
  const char *at = getenv("CRASH_AT"), *how = getenv("CRASH_HOW");
  long wanted = at ? atol(at) : 0;
  if (wanted == 0 || !how) return GOES_ON;
  int isWrite = strstr(name, "write") != NULL;
  if (number != wanted) {
    if (!getenv("CRASH_STAYS") || number < wanted || atoi(how) == 0) return GOES_ON;
    errno = atoi(how);
    return FAILS;
  }
  if (strcmp(how, "short") == 0) return isWrite ? HALF : GOES_ON;
  if (strcmp(how, "torn") == 0 && isWrite) return HALF_THEN_KILLED;
  if (atoi(how) == 0) kill(getpid(), SIGKILL);
  errno = atoi(how);
  return FAILS;
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = dlsym(RTLD_NEXT, #name)

/* A call of which there is no half. */
#define WHOLE(inside, name, ...) \
  REAL(name); \
  if ((inside) && fateOf(#name) == FAILS) return -1; \
  return real(__VA_ARGS__)

static size_t half(size_t n) { return n > 1 ? n / 2 : n; }

ssize_t write(int fd, const void *bytes, size_t n) {
  REAL(write);
  if (fd < 3 || !belowFd(fd)) return real(fd, bytes, n);
  enum fate fate = fateOf("write");
  if (fate == FAILS) return -1;
  if (fate == GOES_ON) return real(fd, bytes, n);
  ssize_t done = real(fd, bytes, half(n));
  if (fate == HALF_THEN_KILLED) kill(getpid(), SIGKILL);
  return done;
}

static ssize_t positioned(__typeof__(pwrite64) *real, int fd, const void *bytes, size_t n, off64_t at) {
  if (!belowFd(fd)) return real(fd, bytes, n, at);
  enum fate fate = fateOf("pwrite");
  if (fate == FAILS) return -1;
  if (fate == GOES_ON) return real(fd, bytes, n, at);
  ssize_t done = real(fd, bytes, half(n), at);
  if (fate == HALF_THEN_KILLED) kill(getpid(), SIGKILL);
  return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
  REAL(pwrite);
  return positioned((__typeof__(pwrite64) *)real, fd, bytes, n, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
  REAL(pwrite64);
  return positioned(real, fd, bytes, n, at);
}
ssize_t writev(int fd, const struct iovec *parts, int n) {
  REAL(writev);
  if (fd < 3 || !belowFd(fd)) return real(fd, parts, n);
  enum fate fate = fateOf("writev");
  if (fate == FAILS) return -1;
  ssize_t done = real(fd, parts, fate == GOES_ON || n == 1 ? n : n / 2);
  if (fate == HALF_THEN_KILLED) kill(getpid(), SIGKILL);
  return done;
}

int fsync(int fd) { WHOLE(belowFd(fd), fsync, fd); }
int fdatasync(int fd) { WHOLE(belowFd(fd), fdatasync, fd); }
int ftruncate(int fd, off_t n) { WHOLE(belowFd(fd), ftruncate, fd, n); }
int ftruncate64(int fd, off64_t n) { WHOLE(belowFd(fd), ftruncate64, fd, n); }
int rename(const char *from, const char *to) { WHOLE(below(from) || below(to), rename, from, to); }
int link(const char *from, const char *to) { WHOLE(below(to), link, from, to); }
int unlink(const char *path) { WHOLE(below(path), unlink, path); }
int rmdir(const char *path) { WHOLE(below(path), rmdir, path); }
int mkdir(const char *path, mode_t mode) { WHOLE(below(path), mkdir, path, mode); }

/* Opening counts where it may make or empty a file. */
static int opening(__typeof__(open) *real, const char *path, int flags, mode_t mode) {
  if ((flags & (O_CREAT | O_TRUNC)) && below(path) && fateOf("open") == FAILS) return -1;
  return real(path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  REAL(open);
  return opening(real, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  REAL(open64);
  return opening(real, path, flags, mode);
}
