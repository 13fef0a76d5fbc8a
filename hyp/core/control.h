/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone0's control device: abi/ctl.h, docs/control.md. A function on zone0's virtual PCI bus, and
 * the control region, which the hypervisor writes and hardly ever reads.
 */
#ifndef HYP_CORE_CONTROL_H
#define HYP_CORE_CONTROL_H

/* At boot: where the control region is mapped, all of it. */
void control_map(void *region);

/* At boot, after vbus_init() of all zones: the device, if the plan has one. */
void control_init(void);

#endif
