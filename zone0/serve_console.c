/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's console over pty:LINK (a terminal of its own, LINK leads to it), unix:PATH (a socket,
 * one client at a time) or file:PATH (output only, appended). The zone never waits for a reader:
 * what nobody takes in time is lost.
 */
#define _GNU_SOURCE /* posix_openpt, cfmakeraw, accept4 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "dev/console.h"
#include "zone0/serve_kinds.h"

struct line;

struct line {
    struct flow flow;     /* first */
    pthread_mutex_t lock; /* fd, of a socket: its threads and the owner change it */
    int fd;               /* -1: no client */
    int other; /* a terminal's other side, which keeps it open; or the listening socket */
    bool is_socket, is_file, is_stuck;
    struct console console;
};

/* ---- The flow ---- */

/* The client has gone. Lock held. */
static void hang_up(struct line *line)
{
    if (line->is_socket && line->fd >= 0) {
        (void)close(line->fd);
        line->fd = -1;
    }
}

static int64_t line_read(struct flow *flow, void *to, size_t size)
{
    struct line *line = (struct line *)flow;
    ssize_t got = 0;

    (void)pthread_mutex_lock(&line->lock);
    if (line->fd >= 0 && !line->is_file) {
        got = read(line->fd, to, size);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            hang_up(line);
        }
    }
    (void)pthread_mutex_unlock(&line->lock);
    return got > 0 ? got : 0;
}

static int64_t line_write(struct flow *flow, const struct iovec *at, size_t count)
{
    struct line *line = (struct line *)flow;
    ssize_t got = ERR_NONE;

    (void)pthread_mutex_lock(&line->lock);
    if (line->fd >= 0) {
        got = writev(line->fd, at, (int)count);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            got = line->is_stuck ? ERR_BUSY : 0; /* it had its time: lost */
        } else if (got < 0) {
            hang_up(line);
        } else {
            line->is_stuck = false;
        }
    }
    (void)pthread_mutex_unlock(&line->lock);
    return got;
}

static const struct flow_ops line_ops = { line_read, line_write };

/* ---- Opening ---- */

/* What a server that was killed has left, and nothing else: a file of the user's stays. */
static void remove_old(const char *path, mode_t kind)
{
    struct stat about;

    if (lstat(path, &about) == 0 && (about.st_mode & S_IFMT) == kind) {
        (void)unlink(path);
    }
}

static bool open_pty(struct line *line, const char *link_path)
{
    struct termios modes;
    char name[SERVE_PATH];

    line->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (line->fd < 0 || grantpt(line->fd) != 0 || unlockpt(line->fd) != 0 ||
        ptsname_r(line->fd, name, sizeof(name)) != 0) {
        return false;
    }
    line->other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (line->other < 0 || tcgetattr(line->other, &modes) != 0) {
        return false;
    }
    cfmakeraw(&modes); /* or the zone's output came back as its input */
    if (tcsetattr(line->other, TCSANOW, &modes) != 0) {
        return false;
    }
    remove_old(link_path, S_IFLNK);
    return symlink(name, link_path) == 0;
}

/* The console is its user's, whatever the mask of modes is. No thread runs yet. */
static bool bind_own(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(S_IRWXG | S_IRWXO);
    bool is_bound = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

    (void)umask(before);
    return is_bound;
}

static bool open_socket(struct line *line, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    line->is_socket = true;
    if (strlen(path) >= sizeof(address.sun_path)) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    remove_old(path, S_IFSOCK);
    line->other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return line->other >= 0 && bind_own(line->other, &address) && listen(line->other, 1) == 0;
}

static bool open_file(struct line *line, const char *path)
{
    line->is_file = true;
    line->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
    return line->fd >= 0;
}

static const struct place {
    const char *prefix;
    bool (*open)(struct line *line, const char *path);
} places[] = { { "pty:", open_pty }, { "unix:", open_socket }, { "file:", open_file } };

static bool open_place(struct line *line, const char *source)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t length = strlen(places[i].prefix);

        if (strncmp(source, places[i].prefix, length) == 0) {
            return places[i].open(line, source + length);
        }
    }
    errno = EINVAL;
    return false;
}

int line_open(struct serve_dev *dev)
{
    struct line *line = calloc(1, sizeof(*line));

    if (!line) {
        return ERR_FULL;
    }
    line->flow.ops = &line_ops;
    line->fd = line->other = -1;
    (void)pthread_mutex_init(&line->lock, NULL);
    dev->state = line;
    if (!open_place(line, dev->wish->source)) {
        serve_dev_log(dev, "%s: %s (pty:LINK, unix:PATH or file:PATH)", dev->wish->source,
                      strerror(errno));
        line_close(dev);
        return ERR_NONE;
    }
    return OK;
}

void line_close(struct serve_dev *dev)
{
    struct line *line = dev->state;

    if (line->fd >= 0) {
        (void)close(line->fd);
    }
    if (line->other >= 0) {
        (void)close(line->other);
    }
    (void)pthread_mutex_destroy(&line->lock);
    free(line);
}

/* ---- The device ---- */

void line_offer(const struct serve_dev *dev, struct bridge_offer *offer)
{
    (void)dev;
    offer->config_size = 12; /* 5.3.4: all of it without meaning, as no feature is offered */
}

void line_begin(struct serve_dev *dev)
{
    struct line *line = dev->state;

    line->console = (struct console){ .flow = &line->flow };
}

int line_run(struct serve_queue *queue, bool *interrupt)
{
    struct line *line = queue->dev->state;

    return queue->index == 0 ? console_input(&line->console, &queue->q, interrupt)
                             : console_output(&line->console, &queue->q, interrupt);
}

int line_waits_on(const struct serve_queue *queue)
{
    struct line *line = queue->dev->state;
    int fd;

    (void)pthread_mutex_lock(&line->lock);
    fd = line->is_file && queue->index == 0 ? -1 : line->fd;
    (void)pthread_mutex_unlock(&line->lock);
    return fd;
}

/* From now on the reader, until it reads again, is not waited for. */
int line_late(struct serve_queue *queue, bool *interrupt)
{
    struct line *line = queue->dev->state;

    (void)pthread_mutex_lock(&line->lock);
    line->is_stuck = true;
    (void)pthread_mutex_unlock(&line->lock);
    return console_drop(&line->console, &queue->q, interrupt);
}

int line_watch(const struct serve_dev *dev)
{
    const struct line *line = dev->state;

    return line->is_socket ? line->other : -1;
}

/* A new client takes the place of the one before, and the thread for input hears of it. */
void line_watched(struct serve_dev *dev)
{
    struct line *line = dev->state;
    int fd = accept4(line->other, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0) {
        return;
    }
    (void)pthread_mutex_lock(&line->lock);
    hang_up(line);
    line->fd = fd;
    line->is_stuck = false;
    (void)pthread_mutex_unlock(&line->lock);
    for (uint32_t i = 0; i < CONSOLE_QUEUES; i++) {
        if (dev->queue[i].has_thread) {
            serve_queue_wake(&dev->queue[i]);
        }
    }
}
