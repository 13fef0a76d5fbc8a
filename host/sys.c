/* SPDX-License-Identifier: Apache-2.0 */
/* The library's calls of the allocator and of the kernel; holds no policy and no state. */
#define _GNU_SOURCE 1 /* memfd_create, seals, SIGEV_THREAD_ID */
#include "host/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

void *sys_alloc(size_t size)
{
    return calloc(1, size);
}

void sys_free(void *p)
{
    free(p);
}

void *sys_mmap(const struct sys_map *map)
{
    static const struct {
        int prot, flags;
    } how[] = {
        [SYS_MAP_READ] = { PROT_READ, MAP_PRIVATE },
        [SYS_MAP_PRIVATE] = { PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE },
        [SYS_MAP_SHARED] = { PROT_READ | PROT_WRITE, MAP_SHARED },
        [SYS_MAP_SHARED_READ] = { PROT_READ, MAP_SHARED },
        [SYS_MAP_FRESH] = { PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS },
    };
    int fixed = map->at != NULL ? MAP_FIXED : 0;
    int fd = map->kind == SYS_MAP_FRESH ? -1 : map->fd;
    void *p = mmap(map->at, map->len, how[map->kind].prot, how[map->kind].flags | fixed, fd,
                   (off_t)map->offset);

    return p == MAP_FAILED ? NULL : p;
}

void sys_munmap(void *at, size_t len)
{
    (void)munmap(at, len);
}

int sys_forget(void *at, size_t len)
{
    return madvise(at, len, MADV_DONTNEED);
}

int sys_open(const char *path, bool writable)
{
    return open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

void sys_close(int fd)
{
    (void)close(fd);
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
    return ioctl(fd, request, arg);
}

int sys_memfd(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

int sys_seal(int fd)
{
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

int64_t sys_file_size(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    return st.st_size;
}

int sys_pread(int fd, void *buf, size_t len, uint64_t offset)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? EIO : errno;
            return -1;
        }
        done += (size_t)n;
    }
    return 0;
}

int64_t sys_write(int fd, const void *buf, size_t len)
{
    ssize_t n;

    do {
        n = write(fd, buf, len);
    } while (n < 0 && errno == EINTR);
    return n;
}

int sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const char *)buf + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? ENOSPC : errno;
            return -1;
        }
        done += (size_t)n;
    }
    return 0;
}

int sys_copy(void *to, const void *from, size_t len)
{
    struct iovec local = { to, len };
    struct iovec remote = { (void *)(uintptr_t)from, len };

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len ? 0 : -1;
}

int sys_random(void *buf, size_t len)
{
    return getrandom(buf, len, 0) == (ssize_t)len ? 0 : -1;
}

int sys_pid(void)
{
    return getpid();
}

int sys_tid(void)
{
    return (int)syscall(SYS_gettid);
}

int sys_block(int signal, sigset_t *old)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    return pthread_sigmask(SIG_BLOCK, &set, old) == 0 ? 0 : -1;
}

void sys_unblock(const sigset_t *old)
{
    (void)pthread_sigmask(SIG_SETMASK, old, NULL);
}

bool sys_take_signal(int signal)
{
    const struct timespec now = { 0, 0 };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    return sigtimedwait(&set, NULL, &now) == signal;
}

void sys_wait_signal(int signal)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, signal);
    (void)sigtimedwait(&set, NULL, NULL);
}

int sys_timer_create(const struct sys_timer_cfg *cfg, timer_t *out)
{
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = cfg->signal };

#ifdef sigev_notify_thread_id
    event.sigev_notify_thread_id = cfg->tid;
#else
    event._sigev_un._tid = cfg->tid; /* glibc before 2.38 has no name for it */
#endif
    return timer_create(cfg->clock, &event, out);
}

int sys_timer_set(timer_t timer, uint64_t ns)
{
    struct itimerspec when = { .it_value = { .tv_sec = (time_t)(ns / NS_PER_S),
                                             .tv_nsec = (long)(ns % NS_PER_S) } };

    return timer_settime(timer, 0, &when, NULL);
}

void sys_timer_delete(timer_t timer)
{
    (void)timer_delete(timer);
}

uint64_t sys_now(clockid_t clock)
{
    struct timespec now = { 0, 0 };

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}
