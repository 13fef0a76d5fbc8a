/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives the control device to the kernel's uio_pci_generic, for the one program that waits for
 * interrupts: the server of devices. Closing the file clears bus mastering, which is how the
 * hypervisor hears that the server has gone: no other program may open it.
 */
#ifndef ZONE0_DRIVER_H
#define ZONE0_DRIVER_H

#include "lib/err.h"
#include "zone0/ctl.h"

/* Binds the driver, if it is not; the N of /dev/uioN, or enum ctl_failure. */
int driver_bind(const struct ctl_places *places, const char *pci) MUST_CHECK;

/* Binds and opens /dev/uioN: a descriptor, or enum ctl_failure. Then sets bus mastering. */
int driver_open(const struct ctl *ctl) MUST_CHECK;

/* Lets the next interrupt come: the kernel switches INTx off at each. */
int driver_unmask(const struct ctl *ctl) MUST_CHECK;

#endif
