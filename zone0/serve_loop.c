/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner's thread: sleeps until the hypervisor interrupts, a queue's thread has ended, a client
 * comes or a signal ends it. Causes are cleared before devices are looked at, so that none is lost.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "zone0/driver.h"
#include "zone0/serve.h"

enum { FILE_UIO, FILE_LOOK, FILE_SIGNAL, FILE_FIRST }; /* those of devices come behind */

int serve_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGPIPE); /* a client has gone: the write says so */
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)sigdelset(&set, SIGPIPE);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void unmask(struct server *server)
{
    if (driver_unmask(server->ctl) != 0) {
        server->log(NULL, "the interrupt can't be unmasked");
    }
}

/* The interrupt is a level: causes are cleared first, then the next one may come. */
static void interrupted(struct server *server, int uio)
{
    uint32_t count;
    ssize_t got = read(uio, &count, sizeof(count));

    (void)got;
    server->ctl->write(server->ctl, CTL_CAUSE, CTL_CAUSE_DEVICE);
    unmask(server);
}

static uint32_t watch_devices(struct server *server, struct pollfd *files)
{
    uint32_t count = FILE_FIRST;

    for (uint32_t i = 0; i < server->dev_count; i++) {
        const struct serve_kind *kind = server->dev[i].wish->kind;

        files[count++] = (struct pollfd){ .fd = kind->watch ? kind->watch(&server->dev[i]) : -1,
                                          .events = POLLIN };
    }
    return count;
}

static void handle(struct server *server, const struct pollfd *files)
{
    uint64_t many;
    ssize_t got;

    if (files[FILE_UIO].revents != 0) {
        interrupted(server, files[FILE_UIO].fd);
    }
    if (files[FILE_LOOK].revents != 0) {
        got = read(files[FILE_LOOK].fd, &many, sizeof(many));
        (void)got;
    }
    for (uint32_t i = 0; i < server->dev_count; i++) {
        if (files[FILE_FIRST + i].revents != 0) {
            server->dev[i].wish->kind->watched(&server->dev[i]);
        }
    }
    server_look(server);
}

void serve_loop(struct server *server, int uio)
{
    struct pollfd files[FILE_FIRST + BRIDGE_DEVICES];
    uint32_t count = watch_devices(server, files);

    files[FILE_UIO] = (struct pollfd){ .fd = uio, .events = POLLIN };
    files[FILE_LOOK] = (struct pollfd){ .fd = server->look, .events = POLLIN };
    files[FILE_SIGNAL] = (struct pollfd){ .fd = server->signals, .events = POLLIN };
    server->ctl->write(server->ctl, CTL_MASK, CTL_CAUSE_DEVICE);
    unmask(server);
    server_look(server);
    do {
        if (poll(files, count, -1) > 0) {
            handle(server, files);
        }
    } while ((files[FILE_SIGNAL].revents & POLLIN) == 0);
    server->ctl->write(server->ctl, CTL_MASK, 0);
}
