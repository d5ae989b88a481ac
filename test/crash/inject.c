/*
 * Preloaded into a process, counts the calls that change what is below a folder, and makes one of them go wrong: the
 * process is killed before it or in the middle of it, or the call fails or does only half of its work.
 *
 *   CRASH_FOLDER  the folder, as an absolute path
 *   CRASH_AT      the number of the call, from 1; 0: none
 *   CRASH_OF      with it, only calls of this name are counted
 *   CRASH_ON      with it, only calls on paths that hold this text are counted
 *   CRASH_HOW     kill, torn (half of a write, then killed), short (half of a write), or the number of an error
 *   CRASH_STAYS   with an error: all calls from then on fail
 *   CRASH_LOG     a file to which each call is appended as a line: its number, its name, the size of the file where it is
 *                 synced, the path or paths; by tabs
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

static atomic_long calls, callsOfKind;

static int below(const char *path) {
  const char *folder = getenv("CRASH_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

/* The path of an open file, or an empty one. */
static void pathOf(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, PATH_MAX - 1);
  path[n < 0 ? 0 : n] = 0;
}

/* What a call changes. */
struct place {
  const char *from, *to;
  long size;
};
#define AT(path) ((struct place){.from = (path)})
#define FROM_TO(path, other) ((struct place){.from = (path), .to = (other)})
#define OF_SIZE(path, n) ((struct place){.from = (path), .size = (n)})

static void record(const char *name, long number, struct place place) {
  const char *log = getenv("CRASH_LOG");
  if (!log) return;
  static int (*openReal)(const char *, int, ...);
  static ssize_t (*writeReal)(int, const void *, size_t);
  if (!openReal) openReal = dlsym(RTLD_NEXT, "open");
  if (!writeReal) writeReal = dlsym(RTLD_NEXT, "write");
  char line[2 * PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%ld\t%s\t%ld\t%s\t%s\n", number, name, place.size, place.from,
                        place.to ? place.to : "");
  int fd = openReal(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0) return;
  if (writeReal(fd, line, (size_t)length) < 0) abort();
  close(fd);
}

enum fate { GOES_ON, HALF, HALF_THEN_KILLED, FAILS };

/** What is to become of a call below the folder. */
static enum fate fateOf(const char *name, struct place place) {
  long number = atomic_fetch_add(&calls, 1) + 1;
  record(name, number, place);
  const char *of = getenv("CRASH_OF"), *on = getenv("CRASH_ON");
  if (of && strcmp(of, name) != 0) return GOES_ON;
  if (on && !strstr(place.from, on) && !(place.to && strstr(place.to, on))) return GOES_ON;
  if (of || on) number = atomic_fetch_add(&callsOfKind, 1) + 1;
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
#define WHOLE(inside, name, place, ...) \
  REAL(name); \
  if ((inside) && fateOf(#name, place) == FAILS) return -1; \
  return real(__VA_ARGS__)

static size_t half(size_t n) { return n > 1 ? n / 2 : n; }

ssize_t write(int fd, const void *bytes, size_t n) {
  REAL(write);
  char path[PATH_MAX] = "";
  if (fd >= 3) pathOf(fd, path);
  if (!below(path)) return real(fd, bytes, n);
  enum fate fate = fateOf("write", AT(path));
  if (fate == FAILS) return -1;
  if (fate == GOES_ON) return real(fd, bytes, n);
  ssize_t done = real(fd, bytes, half(n));
  if (fate == HALF_THEN_KILLED) kill(getpid(), SIGKILL);
  return done;
}

static ssize_t positioned(__typeof__(pwrite64) *real, int fd, const void *bytes, size_t n, off64_t at) {
  char path[PATH_MAX];
  pathOf(fd, path);
  if (!below(path)) return real(fd, bytes, n, at);
  enum fate fate = fateOf("pwrite", AT(path));
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
  char path[PATH_MAX] = "";
  if (fd >= 3) pathOf(fd, path);
  if (!below(path)) return real(fd, parts, n);
  enum fate fate = fateOf("writev", AT(path));
  if (fate == FAILS) return -1;
  ssize_t done = real(fd, parts, fate == GOES_ON || n == 1 ? n : n / 2);
  if (fate == HALF_THEN_KILLED) kill(getpid(), SIGKILL);
  return done;
}

/* A call on an open file; one that syncs it tells how much of it is on the disk then. */
#define ON_FILE(name, fd, ...) \
  char path[PATH_MAX]; \
  pathOf(fd, path); \
  struct stat now; \
  long size = fstat(fd, &now) == 0 ? (long)now.st_size : 0; \
  WHOLE(below(path), name, OF_SIZE(path, size), fd __VA_OPT__(, ) __VA_ARGS__)

int fsync(int fd) { ON_FILE(fsync, fd); }
int fdatasync(int fd) { ON_FILE(fdatasync, fd); }
int ftruncate(int fd, off_t n) { ON_FILE(ftruncate, fd, n); }
int ftruncate64(int fd, off64_t n) { ON_FILE(ftruncate64, fd, n); }
int rename(const char *from, const char *to) { WHOLE(below(from) || below(to), rename, FROM_TO(from, to), from, to); }
int link(const char *from, const char *to) { WHOLE(below(to), link, FROM_TO(from, to), from, to); }
int unlink(const char *path) { WHOLE(below(path), unlink, AT(path), path); }
int rmdir(const char *path) { WHOLE(below(path), rmdir, AT(path), path); }
int mkdir(const char *path, mode_t mode) { WHOLE(below(path), mkdir, AT(path), path, mode); }

/* Opening counts where it may make or empty a file. */
static int opening(__typeof__(open) *real, const char *path, int flags, mode_t mode) {
  const char *name = flags & O_TRUNC ? "open-empty" : "open";
  if ((flags & (O_CREAT | O_TRUNC)) && below(path) && fateOf(name, AT(path)) == FAILS) return -1;
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
