/*
 * A disk that is full for some files: writes to them end with ENOSPC as long as a switch file is there.
 *
 *   LD_PRELOAD=full-disk.so FULL_DISK_FOLDER=/abs/folder FULL_DISK_SWITCH=/abs/switch node …
 *
 * The switch holds a part of a path ("incoming/", "agent.sqlite", "results/"); every file under the folder whose path
 * contains it is on the full disk. Nothing else is changed, so a test can fill the disk at one stage of a study's way.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *folder, *switch_file;

__attribute__((constructor)) static void begin(void) {
  folder = getenv("FULL_DISK_FOLDER");
  switch_file = getenv("FULL_DISK_SWITCH");
}

static int path_is_full(const char *path) {
  char part[PATH_MAX];
  if (folder == NULL || switch_file == NULL || path == NULL || strncmp(path, folder, strlen(folder)) != 0) return 0;
  int kept = errno, fd = NEXT(open)(switch_file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno = kept, 0;
  ssize_t length = read(fd, part, sizeof part - 1);
  NEXT(close)(fd);
  errno = kept;
  if (length <= 0) return 0;
  part[length] = 0;
  return strstr(path, part) != NULL;
}

static int is_full(int fd) {
  char link[64], path[PATH_MAX];
  if (folder == NULL || fd < 3) return 0;
  int kept = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = kept;
  if (length <= 0) return 0;
  path[length] = 0;
  return path_is_full(path);
}

#define UNLESS_FULL(type, fd, call) \
  do {                              \
    if (is_full(fd)) {              \
      errno = ENOSPC;               \
      return (type)-1;              \
    }                               \
    return call;                    \
  } while (0)

ssize_t write(int fd, const void *bytes, size_t length) { UNLESS_FULL(ssize_t, fd, NEXT(write)(fd, bytes, length)); }
ssize_t writev(int fd, const struct iovec *data, int count) { UNLESS_FULL(ssize_t, fd, NEXT(writev)(fd, data, count)); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  UNLESS_FULL(ssize_t, fd, NEXT(pwrite)(fd, bytes, length, at));
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  UNLESS_FULL(ssize_t, fd, NEXT(pwrite64)(fd, bytes, length, at));
}
ssize_t pwritev(int fd, const struct iovec *data, int count, off_t at) {
  UNLESS_FULL(ssize_t, fd, NEXT(pwritev)(fd, data, count, at));
}
ssize_t pwritev64(int fd, const struct iovec *data, int count, off64_t at) {
  UNLESS_FULL(ssize_t, fd, NEXT(pwritev64)(fd, data, count, at));
}

static int open_unless_full(const char *path, int flags, mode_t mode) {
  struct stat there;
  if ((flags & O_CREAT) && path_is_full(path) && stat(path, &there) != 0) return errno = ENOSPC, -1;
  return NEXT(openat)(AT_FDCWD, path, flags, mode);
}
#define MODE(flags, mode)              \
  mode_t mode = 0;                     \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list arguments;                 \
    va_start(arguments, flags);        \
    mode = va_arg(arguments, mode_t);  \
    va_end(arguments);                 \
  }
int open(const char *path, int flags, ...) { MODE(flags, mode) return open_unless_full(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, mode) return open_unless_full(path, flags, mode); }

int mkdir(const char *path, mode_t mode) {
  if (path_is_full(path)) return errno = ENOSPC, -1;
  return NEXT(mkdirat)(AT_FDCWD, path, mode);
}

int link(const char *from, const char *to) {
  if (path_is_full(to)) return errno = ENOSPC, -1;
  return NEXT(linkat)(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int rename(const char *from, const char *to) {
  if (path_is_full(to)) return errno = ENOSPC, -1;
  return NEXT(renameat)(AT_FDCWD, from, AT_FDCWD, to);
}
