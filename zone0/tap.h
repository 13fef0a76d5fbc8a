/* SPDX-License-Identifier: Apache-2.0 */
/* Taps of Linux with virtio's header before each packet, NET_HEADER bytes of it. */
#ifndef ZONE0_TAP_H
#define ZONE0_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* One more queue of the tap, made and kept if there is none; a descriptor, or -1 with errno. */
int tap_open(const char *name, uint32_t queues);

/* Up: nothing comes through it before. */
void tap_up(const char *name);

/* Whether packets go to this queue; false with errno. */
bool tap_use(int fd, bool is_used);

/* Leaves to the driver what it agreed on (NET_F_GUEST_*). */
void tap_offload(int fd, uint64_t features);

#endif
