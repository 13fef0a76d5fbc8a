/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's and the server's side of virtio devices, played by unit tests step by step. */
#ifndef TESTS_UNIT_VIO_PLAY_H
#define TESTS_UNIT_VIO_PLAY_H

#include <stdint.h>

#include "vio_double.h"

/* Turns all CPUs until nothing is left to do. */
void vio_turns(void);

/* Set-ups of cmocka: zones 0 and 1 run, all vCPUs on; and the disk is served and driven. */
int vio_setup(void **state);
int vio_setup_served(void **state);

/* By the first vCPU of the device's zone. */
uint32_t vio_reg(uint32_t device, uint32_t offset);
void vio_reg_set(uint32_t device, uint32_t offset, uint32_t value);

/* The driver, up to a queue that is ready; and all of it, with this many queues. */
void vio_queue_up(uint32_t device, uint32_t queue, uint32_t size);
void vio_driver_up(uint32_t device, uint32_t queues);

/* The server. */
void vio_offer(uint32_t device);
void vio_play_attach(uint32_t device);
void vio_let_go(uint32_t device);

/* Both, with one queue; zone0 has seen the cause. */
void vio_serve(uint32_t device);

#endif
