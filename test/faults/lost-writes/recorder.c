/*
 * Records what a program does to the files of one folder, so that a test can tell what would be left after a power cut.
 *
 *   LD_PRELOAD=recorder.so RECORDER_FOLDER=/abs/folder RECORDER_TRACE=/abs/file node …
 *
 * Each change and each sync is one record in the trace, in the order in which they took effect; crash-state.ts replays
 * it. All threads and all processes of the program take turns (a mutex, and a lock on the trace), so that the order of
 * the trace is the order of the disk. A sync is recorded and not carried out: only the trace decides what was durable,
 * and rounds are faster. Changes through shared memory maps are not seen; SQLite's -shm file is the only one, and it
 * is rebuilt after a crash.
 *
 * Record, little endian: u32 length of all of it, u8 kind, u64 inode, u64 number, u16 and u16 lengths of two paths,
 * the paths (relative to the folder), then data up to the length.
 *   C file created (number: mode)   D folder created (number: mode)   W written at offset   T cut or grown to size
 *   S synced (file or folder)       R renamed   L linked   U unlinked   X folder removed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 65536
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char folder[PATH_MAX];
static size_t folder_length;
static int trace = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
/* Inode of each descriptor that is open on something in the folder; 0 for all others. */
static uint64_t inode_of[DESCRIPTORS_MAX];
static unsigned char syncs_each[DESCRIPTORS_MAX], appends[DESCRIPTORS_MAX];

static void fail(const char *what) {
  dprintf(2, "recorder: %s: %s\n", what, strerror(errno));
  _exit(70);
}

__attribute__((constructor)) static void begin(void) {
  const char *in = getenv("RECORDER_FOLDER"), *to = getenv("RECORDER_TRACE");
  if (in == NULL || to == NULL) return;
  folder_length = strlen(in);
  if (folder_length == 0 || folder_length >= sizeof folder) fail("RECORDER_FOLDER");
  memcpy(folder, in, folder_length + 1);
  trace = NEXT(open)(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (trace < 0) fail("RECORDER_TRACE");
}

/* A forked process has its own description of the trace only after exec; before that it changes no files. */
static void take_turn(void) {
  pthread_mutex_lock(&turn);
  while (flock(trace, LOCK_EX) != 0)
    if (errno != EINTR) fail("flock");
}

static void end_turn(void) {
  int kept = errno;
  flock(trace, LOCK_UN);
  pthread_mutex_unlock(&turn);
  errno = kept;
}

/* The path relative to the folder, "" for the folder itself, NULL for what is outside. */
static const char *inside(int at, const char *path, char *space) {
  if (trace < 0 || path == NULL) return NULL;
  if (path[0] != '/') {
    char link[64], base[PATH_MAX];
    ssize_t length;
    if (at == AT_FDCWD) {
      if (getcwd(base, sizeof base) == NULL) return NULL;
    } else {
      snprintf(link, sizeof link, "/proc/self/fd/%d", at);
      length = readlink(link, base, sizeof base - 1);
      if (length < 0) return NULL;
      base[length] = 0;
    }
    if (snprintf(space, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return NULL;
    path = space;
  }
  if (strncmp(path, folder, folder_length) != 0) return NULL;
  if (path[folder_length] == 0) return "";
  if (path[folder_length] != '/') return NULL;
  path += folder_length;
  while (*path == '/') path++;
  return path;
}

static void record(char kind, uint64_t inode, uint64_t number, const char *one, const char *two,
                   const struct iovec *data, int count) {
  unsigned char head[25];
  struct iovec parts[3 + 1024];
  uint16_t one_length = one == NULL ? 0 : strlen(one), two_length = two == NULL ? 0 : strlen(two);
  uint32_t length = sizeof head + one_length + two_length;
  if (count > 1024) fail("more than 1024 buffers in one write");
  for (int i = 0; i < count; i++) length += data[i].iov_len;
  memcpy(head, &length, 4);
  head[4] = kind;
  memcpy(head + 5, &inode, 8);
  memcpy(head + 13, &number, 8);
  memcpy(head + 21, &one_length, 2);
  memcpy(head + 23, &two_length, 2);
  parts[0] = (struct iovec){head, sizeof head};
  parts[1] = (struct iovec){(void *)(one == NULL ? "" : one), one_length};
  parts[2] = (struct iovec){(void *)(two == NULL ? "" : two), two_length};
  if (count > 0) memcpy(parts + 3, data, count * sizeof *data);
  if (NEXT(writev)(trace, parts, 3 + count) != (ssize_t)length) fail("the trace is not written whole");
}

/* libuv closes some descriptors by a bare system call, so the number alone may be another file's by now. */
static int known(int fd) {
  struct stat now;
  if (trace < 0 || fd < 0 || fd >= DESCRIPTORS_MAX || inode_of[fd] == 0) return 0;
  if (fstat(fd, &now) == 0 && now.st_ino == inode_of[fd] && (S_ISREG(now.st_mode) || S_ISDIR(now.st_mode))) return 1;
  inode_of[fd] = 0;
  return 0;
}

static int open_at(int at, const char *path, int flags, mode_t mode) {
  char space[PATH_MAX];
  const char *relative = inside(at, path, space);
  if (relative == NULL) return NEXT(openat)(at, path, flags, mode);
  take_turn();
  struct stat before, after;
  int there = fstatat(at, path, &before, 0) == 0;
  int fd = NEXT(openat)(at, path, flags, mode);
  if (fd >= 0 && fd < DESCRIPTORS_MAX && fstat(fd, &after) == 0) {
    inode_of[fd] = after.st_ino;
    syncs_each[fd] = (flags & O_DSYNC) != 0;
    appends[fd] = (flags & O_APPEND) != 0;
    if (!there && (flags & O_CREAT)) record('C', after.st_ino, after.st_mode & 07777, relative, NULL, NULL, 0);
    else if ((flags & O_TRUNC) && before.st_size > 0) record('T', after.st_ino, 0, NULL, NULL, NULL, 0);
  }
  end_turn();
  return fd;
}

#define MODE(flags, mode)                        \
  mode_t mode = 0;                               \
  if ((flags) & (O_CREAT | O_TMPFILE)) {         \
    va_list arguments;                           \
    va_start(arguments, flags);                  \
    mode = va_arg(arguments, mode_t);            \
    va_end(arguments);                           \
  }

int open(const char *path, int flags, ...) { MODE(flags, mode) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, mode) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags, mode) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags, mode) return open_at(at, path, flags, mode); }
int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
  if (known(fd)) inode_of[fd] = 0;
  return NEXT(close)(fd);
}

static int duplicated(int from, int to) {
  if (to >= 0 && to < DESCRIPTORS_MAX) {
    inode_of[to] = known(from) ? inode_of[from] : 0;
    if (known(from)) syncs_each[to] = syncs_each[from], appends[to] = appends[from];
  }
  return to;
}
int dup(int fd) { return duplicated(fd, NEXT(dup)(fd)); }
int dup2(int fd, int to) { return duplicated(fd, NEXT(dup2)(fd, to)); }
int dup3(int fd, int to, int flags) { return duplicated(fd, NEXT(dup3)(fd, to, flags)); }

/* Where the next bytes of write() go. */
static off_t position(int fd) {
  struct stat now;
  if (appends[fd] && fstat(fd, &now) == 0) return now.st_size;
  return lseek(fd, 0, SEEK_CUR);
}

static void written(int fd, off_t at, const struct iovec *data, int count, ssize_t bytes) {
  struct iovec taken[1024];
  int parts = 0;
  if (count > 1024) fail("more than 1024 buffers in one write");
  for (ssize_t rest = bytes; rest > 0 && parts < count; parts++) {
    taken[parts] = data[parts];
    if ((ssize_t)taken[parts].iov_len > rest) taken[parts].iov_len = rest;
    rest -= taken[parts].iov_len;
  }
  if (bytes > 0) record('W', inode_of[fd], at, NULL, NULL, taken, parts);
  if (bytes > 0 && syncs_each[fd]) record('S', inode_of[fd], 0, NULL, NULL, NULL, 0);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (!known(fd)) return NEXT(write)(fd, bytes, length);
  take_turn();
  off_t at = position(fd);
  ssize_t done = NEXT(write)(fd, bytes, length);
  struct iovec one = {(void *)bytes, length};
  written(fd, at, &one, 1, done);
  end_turn();
  return done;
}

ssize_t writev(int fd, const struct iovec *data, int count) {
  if (!known(fd)) return NEXT(writev)(fd, data, count);
  take_turn();
  off_t at = position(fd);
  ssize_t done = NEXT(writev)(fd, data, count);
  written(fd, at, data, count, done);
  end_turn();
  return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  if (!known(fd)) return NEXT(pwrite)(fd, bytes, length, at);
  take_turn();
  ssize_t done = NEXT(pwrite)(fd, bytes, length, at);
  struct iovec one = {(void *)bytes, length};
  written(fd, at, &one, 1, done);
  end_turn();
  return done;
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return pwrite(fd, bytes, length, at); }

ssize_t pwritev(int fd, const struct iovec *data, int count, off_t at) {
  if (!known(fd)) return NEXT(pwritev)(fd, data, count, at);
  take_turn();
  ssize_t done = NEXT(pwritev)(fd, data, count, at);
  written(fd, at, data, count, done);
  end_turn();
  return done;
}
ssize_t pwritev64(int fd, const struct iovec *data, int count, off64_t at) { return pwritev(fd, data, count, at); }

int ftruncate(int fd, off_t size) {
  if (!known(fd)) return NEXT(ftruncate)(fd, size);
  take_turn();
  int done = NEXT(ftruncate)(fd, size);
  if (done == 0) record('T', inode_of[fd], size, NULL, NULL, NULL, 0);
  end_turn();
  return done;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

static int synced(int fd, int (*sync)(int)) {
  if (!known(fd)) return sync(fd);
  take_turn();
  record('S', inode_of[fd], 0, NULL, NULL, NULL, 0);
  end_turn();
  return 0;
}
int fsync(int fd) { return synced(fd, NEXT(fsync)); }
int fdatasync(int fd) { return synced(fd, NEXT(fdatasync)); }

/* The rest change names. A rename or link from outside into the folder would be a file that the trace does not know. */
static int named(char kind, int from_at, const char *from, int to_at, const char *to, int (*change)(void *), void *what) {
  char space[2][PATH_MAX];
  const char *one = inside(from_at, from, space[0]), *two = to == NULL ? NULL : inside(to_at, to, space[1]);
  if (one == NULL && two == NULL) return change(what);
  if (to != NULL && (one == NULL || two == NULL)) errno = EXDEV, fail("a name moved over the border of the folder");
  take_turn();
  int done = change(what);
  if (done == 0) {
    struct stat made = {0};
    if (kind == 'D' && fstatat(from_at, from, &made, 0) != 0) fail("mkdir");
    record(kind, made.st_ino, made.st_mode & 07777, one, two, NULL, 0);
  }
  end_turn();
  return done;
}

struct names { int from_at; const char *from; int to_at; const char *to; unsigned flags; mode_t mode; };
static int do_rename(void *p) { struct names *n = p; return NEXT(renameat2)(n->from_at, n->from, n->to_at, n->to, n->flags); }
static int do_link(void *p) { struct names *n = p; return NEXT(linkat)(n->from_at, n->from, n->to_at, n->to, n->flags); }
static int do_unlink(void *p) { struct names *n = p; return NEXT(unlinkat)(n->from_at, n->from, n->flags); }
static int do_mkdir(void *p) { struct names *n = p; return NEXT(mkdirat)(n->from_at, n->from, n->mode); }

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  struct names n = {from_at, from, to_at, to, flags, 0};
  if (flags & RENAME_EXCHANGE) fail("RENAME_EXCHANGE is not recorded");
  return named('R', from_at, from, to_at, to, do_rename, &n);
}
int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
  struct names n = {from_at, from, to_at, to, flags, 0};
  return named('L', from_at, from, to_at, to, do_link, &n);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at, const char *path, int flags) {
  struct names n = {at, path, 0, NULL, flags, 0};
  return named(flags & AT_REMOVEDIR ? 'X' : 'U', at, path, 0, NULL, do_unlink, &n);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int at, const char *path, mode_t mode) {
  struct names n = {at, path, 0, NULL, 0, mode};
  return named('D', at, path, 0, NULL, do_mkdir, &n);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* Copies inside the kernel are declined, as some file systems do; the caller then copies by read and write. */
ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t length, unsigned flags) {
  if (known(out)) return errno = EXDEV, -1;
  return NEXT(copy_file_range)(in, in_at, out, out_at, length, flags);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t length) {
  if (known(out)) return errno = EINVAL, -1;
  return NEXT(sendfile64)(out, in, at, length);
}
ssize_t sendfile(int out, int in, off_t *at, size_t length) { return sendfile64(out, in, at, length); }

/* What is not recorded must not happen unseen. */
int fallocate(int fd, int mode, off_t at, off_t length) {
  if (known(fd)) fail("fallocate is not recorded");
  return NEXT(fallocate)(fd, mode, at, length);
}
int symlink(const char *target, const char *path) {
  char space[PATH_MAX];
  if (inside(AT_FDCWD, path, space) != NULL) fail("symlink is not recorded");
  return NEXT(symlink)(target, path);
}
