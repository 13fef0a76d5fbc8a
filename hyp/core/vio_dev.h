/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sides of virtio devices, vio.c for zones and vio_server.c for zone0, share. */
#ifndef HYP_CORE_VIO_DEV_H
#define HYP_CORE_VIO_DEV_H

#include "hyp/core/vio.h"

extern struct vio_dev *vio_devs; /* the_plan->virtio_count of them */

/*
 * How often a word that zone0 can write is tried to be changed: an exclusive store may fail for as
 * long as another CPU writes there, which must stop nobody but zone0.
 */
#define VIO_TRIES 64u

/* Zone0 gets CTL_CAUSE_DEVICE; whether it was clear. Without a lock; there once a server is. */
extern bool (*vio_raise)(void);

/* With the device's lock held: what the server sees; the interrupt line up to date. */
enum bridge_state vio_state(const struct vio_dev *dev);
void vio_publish(const struct vio_dev *dev);
void vio_settle(struct vio_dev *dev);

/* With the lock: the server no longer uses what it was asked for; then the registers say so. */
void vio_let_go_end(struct vio_dev *dev);

/* With the lock, or at boot: no device is there. */
void vio_forget(struct vio_dev *dev);

#endif
