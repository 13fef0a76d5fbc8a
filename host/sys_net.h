/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of a debug endpoint, beside host/sys.h: nothing here blocks but sys_poll(). */
#ifndef HOST_SYS_NET_H
#define HOST_SYS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYS_PATH_MAX 108u /* of a unix socket, its 0 included */

/* A socket that listens, or -1. A path that a socket without listener has is taken over. */
int sys_listen_unix(const char *path);
/* On the loopback device only. */
int sys_listen_tcp(uint16_t port);
void sys_unlink(const char *path);
/* -1: nobody is there. */
int sys_accept(int fd);
/* Whether the other end of a unix socket is a process of this user or of root; of TCP: true. */
bool sys_peer_is_ours(int fd);

/* Bytes; 0: the other end is gone; -1: none now. */
int64_t sys_recv(int fd, void *buf, size_t len);
/* Bytes; 0: the other end is gone; -1: no room now. */
int64_t sys_send(int fd, const void *buf, size_t len);

/* From now on `signal` is sent to thread tid when something comes; 0 ends that. -1: it can't. */
int sys_notify(int fd, int tid, int signal);

/* A descriptor that is readable from sys_event_set() to sys_event_clear(); -1. */
int sys_event_fd(void);
void sys_event_set(int fd);
void sys_event_clear(int fd);

struct sys_poll {
    int fd;          /* -1: none */
    bool want_write; /* and nothing else: what it has to say can wait */
    bool ready;      /* readable or writable as wanted, or gone */
};
/* ms < 0: for ever. */
void sys_poll(struct sys_poll *list, unsigned count, int ms);

#endif
