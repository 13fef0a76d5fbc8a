/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, asked of the kernel; holds no policy but that only this machine's users connect. */
#define _GNU_SOURCE 1 /* accept4, F_SETSIG, SO_PEERCRED */
#include "host/sys_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG  4
#define POLL_MAX 8u

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == SYS_PATH_MAX, "unix(7)");

static int fail(int fd)
{
    int error = errno;

    (void)close(fd);
    errno = error;
    return -1;
}

static bool set_path(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address->sun_path, path, strlen(path));
    return true;
}

/*
 * A socket that is left over from a process that is gone refuses whoever connects. Of another type
 * than a living one it is refused for that, and its owner hears nothing: who only looks is no
 * client, and never waits. A file of another kind refuses, too, and is not ours to remove.
 */
static bool is_left_over(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat about;
    bool left_over = false;

    if (fd >= 0) {
        left_over = lstat(address->sun_path, &about) == 0 && S_ISSOCK(about.st_mode) &&
                    connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
                    errno == ECONNREFUSED;
        (void)close(fd);
        errno = EADDRINUSE;
    }
    return left_over;
}

int sys_listen_unix(const char *path)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int ret;

    if (fd < 0 || !set_path(&address, path)) {
        return fd < 0 ? -1 : fail(fd);
    }
    ret = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    if (ret != 0 && errno == EADDRINUSE && is_left_over(&address)) {
        (void)unlink(path);
        ret = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    }
    return ret != 0 || listen(fd, BACKLOG) != 0 ? fail(fd) : fd;
}

int sys_listen_tcp(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    if (fd < 0) {
        return -1;
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        return fail(fd);
    }
    return fd;
}

void sys_unlink(const char *path)
{
    (void)unlink(path);
}

int sys_accept(int fd)
{
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int on = 1;

    if (client >= 0) { /* fails on a unix socket, which needs it not */
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return client;
}

bool sys_peer_is_ours(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    int domain = AF_UNIX;
    socklen_t domain_len = sizeof(domain);

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 && domain != AF_UNIX) {
        return true;
    }
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static bool is_later(int error)
{
    return error == EAGAIN || error == EINTR;
}

int64_t sys_recv(int fd, void *buf, size_t len)
{
    ssize_t some = recv(fd, buf, len, 0);

    if (some < 0) {
        return is_later(errno) ? -1 : 0;
    }
    return some;
}

int64_t sys_send(int fd, const void *buf, size_t len)
{
    ssize_t some = send(fd, buf, len, MSG_NOSIGNAL);

    if (some < 0) {
        return is_later(errno) ? -1 : 0;
    }
    return some;
}

int sys_notify(int fd, int tid, int signal)
{
    struct f_owner_ex owner = { .type = F_OWNER_TID, .pid = tid };
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0) {
        return -1;
    }
    if (signal == 0) {
        return fcntl(fd, F_SETFL, flags & ~O_ASYNC);
    }
    if (fcntl(fd, F_SETOWN_EX, &owner) != 0 || fcntl(fd, F_SETSIG, signal) != 0) {
        return -1;
    }
    return fcntl(fd, F_SETFL, flags | O_ASYNC);
}

int sys_event_fd(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void sys_event_set(int fd)
{
    const uint64_t one = 1;
    ssize_t done = write(fd, &one, sizeof(one));

    (void)done; /* full: it is set already */
}

void sys_event_clear(int fd)
{
    uint64_t count;
    ssize_t done = read(fd, &count, sizeof(count));

    (void)done; /* nothing there: it was clear */
}

void sys_poll(struct sys_poll *list, unsigned count, int ms)
{
    struct pollfd fds[POLL_MAX];

    for (unsigned i = 0; i < count && i < POLL_MAX; i++) {
        fds[i].fd = list[i].fd;
        fds[i].events = list[i].want_write ? POLLOUT : POLLIN;
        fds[i].revents = 0;
    }
    (void)poll(fds, count < POLL_MAX ? count : POLL_MAX, ms);
    for (unsigned i = 0; i < count && i < POLL_MAX; i++) {
        list[i].ready = fds[i].revents != 0;
    }
}
