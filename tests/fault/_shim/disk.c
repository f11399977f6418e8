/*
 * A disk that fails, or that loses its power: preloaded into a hub (LD_PRELOAD), it stands between SQLite and the kernel.
 *
 * DISK_CONTROL names a file of one `struct control`, which the test writes while the hub runs: the `left`-th call of the
 * chosen kinds on a file hub.db* fails with `error`; a lasting failure goes on until `left` is 0.
 * DISK_JOURNAL names a file that every write to hub.db and hub.db-wal is noted in before it is made, and every sync after
 * it came back: what a disk holds for sure after its power was cut.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, TRUNCATE = 4 };

struct control {
  int32_t error;
  int32_t kinds;
  _Atomic int64_t left;
  int32_t lasting;
  int32_t unused;
  _Atomic int64_t failed;
};

/* Of a write: where to and how much, which follows. Of a truncation: the new length as offset.
   Of a sync: the place in the journal up to which the file is on disk. */
struct note {
  int32_t kind;
  int32_t file;
  int64_t offset;
  int64_t length;
};

static struct control *control;
static int journal = -1;
static int64_t noted;
static pthread_mutex_t noting = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void prepare(void) {
  const char *path = getenv("DISK_CONTROL");
  int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file >= 0) {
    void *at = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) control = at;
    close(file);
  }
  path = getenv("DISK_JOURNAL");
  if (path != NULL) journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* What follows "hub.db" in the name of an open file; NULL for any other file. */
static const char *suffix(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int before = errno;
  ssize_t length = readlink(link, path, size - 1);
  errno = before;
  if (length <= 0) return NULL;
  path[length] = 0;
  const char *name = strrchr(path, '/');
  return name != NULL && strncmp(name, "/hub.db", 7) == 0 ? name + 7 : NULL;
}

static int fails(int kind, int fd) {
  char path[4096];
  if (control == NULL || atomic_load(&control->left) <= 0 || !(control->kinds & kind)) return 0;
  if (suffix(fd, path, sizeof path) == NULL) return 0;
  int64_t left = atomic_load(&control->left);
  do {
    if (left <= 0) return 0;
    if (left == 1 && control->lasting) break;
  } while (!atomic_compare_exchange_weak(&control->left, &left, left - 1));
  if (left > 1) return 0;
  atomic_fetch_add(&control->failed, 1);
  errno = control->error;
  return 1;
}

/* 0: hub.db, 1: hub.db-wal, -1: not of interest. */
static int noted_file(int fd) {
  char path[4096];
  if (journal < 0) return -1;
  const char *rest = suffix(fd, path, sizeof path);
  if (rest == NULL) return -1;
  return *rest == 0 ? 0 : strcmp(rest, "-wal") == 0 ? 1 : -1;
}

static void note(struct note head, const void *data) {
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, data == NULL ? 0 : (size_t)head.length}};
  pthread_mutex_lock(&noting);
  ssize_t written = syscall(SYS_writev, journal, parts, 2);
  if (written != (ssize_t)(parts[0].iov_len + parts[1].iov_len)) abort();
  noted += written;
  pthread_mutex_unlock(&noting);
}

static int64_t noted_so_far(void) {
  pthread_mutex_lock(&noting);
  int64_t at = noted;
  pthread_mutex_unlock(&noting);
  return at;
}

#define REAL(name, type) \
  static type real; \
  if (real == NULL) real = (type)dlsym(RTLD_NEXT, name)

typedef ssize_t (*write_call)(int, const void *, size_t);
typedef ssize_t (*pwrite_call)(int, const void *, size_t, off_t);
typedef int (*sync_call)(int);
typedef int (*truncate_call)(int, off_t);

static void note_write(int fd, const void *data, size_t length, off_t offset) {
  int file = noted_file(fd);
  if (file < 0) return;
  if (offset < 0) offset = lseek(fd, 0, SEEK_CUR);
  note((struct note){WRITE, file, offset, (int64_t)length}, data);
}

static int synced(int fd, sync_call real) {
  int file = noted_file(fd);
  int64_t upto = file < 0 ? 0 : noted_so_far();
  int result = real(fd);
  if (file >= 0 && result == 0) note((struct note){SYNC, file, upto, 0}, NULL);
  return result;
}

static int truncated(int fd, off_t length, truncate_call real) {
  int file = noted_file(fd);
  if (file >= 0) note((struct note){TRUNCATE, file, length, 0}, NULL);
  return real(fd, length);
}

ssize_t write(int fd, const void *data, size_t length) {
  REAL("write", write_call);
  if (fails(WRITE, fd)) return -1;
  note_write(fd, data, length, -1);
  return real(fd, data, length);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  REAL("pwrite", pwrite_call);
  if (fails(WRITE, fd)) return -1;
  note_write(fd, data, length, offset);
  return real(fd, data, length, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) {
  return pwrite(fd, data, length, offset);
}

int fsync(int fd) {
  REAL("fsync", sync_call);
  return fails(SYNC, fd) ? -1 : synced(fd, real);
}

int fdatasync(int fd) {
  REAL("fdatasync", sync_call);
  return fails(SYNC, fd) ? -1 : synced(fd, real);
}

int ftruncate(int fd, off_t length) {
  REAL("ftruncate", truncate_call);
  return fails(TRUNCATE, fd) ? -1 : truncated(fd, length, real);
}

int ftruncate64(int fd, off_t length) {
  return ftruncate(fd, length);
}
