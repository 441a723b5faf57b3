// A disk that is slow below one folder, for one process: preloaded, it lets every write and sync of a file there take a
// time. SLOW_DISK names a file with three words: the process id, the folder, the milliseconds; where it is missing, all
// is as fast as ever.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int slow_ms(int fd) {
  const char *note = getenv("SLOW_DISK");
  FILE *file = note == NULL ? NULL : fopen(note, "re");
  if (file == NULL) return 0;
  int pid = 0, ms = 0;
  char folder[PATH_MAX] = "", link[64], path[PATH_MAX];
  int read = fscanf(file, "%d %4095s %d", &pid, folder, &ms);
  fclose(file);
  if (read != 3 || pid != getpid()) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0 ? ms : 0;
}

static void wait_for(int fd) {
  int ms = slow_ms(fd);
  struct timespec time = {ms / 1000, (ms % 1000) * 1000000L};
  if (ms > 0) nanosleep(&time, NULL);
}

#define SLOW(type, name, parameters, arguments)               \
  type name parameters {                                      \
    static type(*next) parameters;                            \
    if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, #name); \
    wait_for(fd);                                             \
    return next arguments;                                    \
  }

SLOW(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
SLOW(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
SLOW(ssize_t, pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at))
SLOW(ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
SLOW(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at), (fd, parts, count, at))
SLOW(int, fsync, (int fd), (fd))
SLOW(int, fdatasync, (int fd), (fd))
SLOW(int, ftruncate, (int fd, off_t length), (fd, length))
SLOW(int, ftruncate64, (int fd, off64_t length), (fd, length))
