/* SPDX-License-Identifier: Apache-2.0 */
/* A micro-VM's memory back to a template. */
#ifndef HOST_RESTORE_H
#define HOST_RESTORE_H

#include "host/vm.h"

/* vm->ram as `to` has it; costs what became private since. */
VT_CHECK int restore_memory(struct vt_vm *vm, struct template *to);

/* A new mapping of `to`, after which nothing is private. When the contents differ, the back end
 * must forget its translations. */
VT_CHECK int restore_remap(struct vt_vm *vm, struct template *to);

#endif
