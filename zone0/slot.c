/* SPDX-License-Identifier: Apache-2.0 */
/* Locks of open files, a byte for each slot: the kernel takes them back from whoever ends. */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "abi/ctl.h"
#include "zone0/ctl.h"
#include "zone0/slot.h"

#define WAIT_MS 1000

int slot_open(const char *run)
{
    char path[CTL_PATH_SIZE];

    if (mkdir(run, 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    if (snprintf(path, sizeof(path), "%s/slots", run) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool lock(int fd, int slot, short type)
{
    struct flock area;

    memset(&area, 0, sizeof(area));
    area.l_type = type;
    area.l_whence = SEEK_SET;
    area.l_start = slot;
    area.l_len = 1;
    return fcntl(fd, F_OFD_SETLK, &area) == 0;
}

int slot_take(int fd)
{
    const struct timespec pause = { 0, 1000000 };

    for (int waited = 0; waited <= WAIT_MS; waited++) {
        for (int slot = 0; slot < (int)CTL_SLOTS; slot++) {
            if (lock(fd, slot, F_WRLCK)) {
                return slot;
            }
        }
        nanosleep(&pause, NULL);
    }
    return ERR_BUSY;
}

void slot_give(int fd, int slot)
{
    (void)lock(fd, slot, F_UNLCK);
}
