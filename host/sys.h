/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the library asks of the C library's allocator and of the kernel, in one place: tests
 * link another sys.c that fails the n-th call. Nothing in host/ goes around it, but for functions
 * that cannot fail (memcpy, clocks). Failing functions leave errno as the kernel set it.
 */
#ifndef HOST_SYS_H
#define HOST_SYS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Zeroed memory or NULL. */
void *sys_alloc(size_t size);
void sys_free(void *p);

enum sys_map_kind {
    SYS_MAP_READ,    /* private, read-only */
    SYS_MAP_PRIVATE, /* copy on write */
    SYS_MAP_SHARED,  /* read-write */
    SYS_MAP_SHARED_READ,
    SYS_MAP_FRESH, /* anonymous, read-write; fd and offset are not used */
};

struct sys_map {
    void *at; /* replace what is mapped here; NULL: anywhere */
    size_t len;
    uint64_t offset;
    int fd;
    enum sys_map_kind kind;
};

/* NULL on failure. */
void *sys_mmap(const struct sys_map *map);
void sys_munmap(void *at, size_t len);

/* Forgets private pages: the next access finds the file's. */
int sys_forget(void *at, size_t len);

/* What was written here may be instructions: the processor fetches the new ones. */
static inline void sys_sync_code(uint8_t *at, size_t len)
{
    __builtin___clear_cache((char *)at, (char *)at + len); /* nothing on x86_64 */
}

/* 0 or -1, or what the call gives. */
int sys_open(const char *path, bool writable);
void sys_close(int fd);
int sys_ioctl(int fd, unsigned long request, void *arg);
int sys_memfd(const char *name, uint64_t size);
int sys_seal(int fd);
int64_t sys_file_size(int fd);
/* All of len bytes, or -1. */
int sys_pread(int fd, void *buf, size_t len, uint64_t offset);
/* Like write(2), but not interrupted. */
int64_t sys_write(int fd, const void *buf, size_t len);
int sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset);
/* Copies memory that may be gone (a file cut off): -1 in place of a signal. */
int sys_copy(void *to, const void *from, size_t len);
int sys_random(void *buf, size_t len);

/* ---- Threads, signals and timers of one call; see budget.h ---- */

int sys_pid(void);
int sys_tid(void);
/* A thread that takes no signal but those of its own mistakes. */
int sys_thread(pthread_t *out, void *(*fn)(void *arg), void *arg);
/* The mask of such a thread, without `signal`. */
void sys_thread_mask(int signal, sigset_t *out);
void sys_yield(void);
/* Blocks `signal` for this thread; *old is the mask before. */
int sys_block(int signal, sigset_t *old);
void sys_unblock(const sigset_t *old);
/* Takes one pending `signal` (which is blocked) if there is any. */
bool sys_take_signal(int signal);
/* Waits for one, and takes it; may come back for other reasons. */
void sys_wait_signal(int signal);

/* A timer on `clock` that sends `signal` to thread tid. */
struct sys_timer_cfg {
    clockid_t clock;
    int signal, tid;
};
int sys_timer_create(const struct sys_timer_cfg *cfg, timer_t *out);
/* Once, in ns from now; 0 disarms. */
int sys_timer_set(timer_t timer, uint64_t ns);
void sys_timer_delete(timer_t timer);
uint64_t sys_now(clockid_t clock);

#endif
