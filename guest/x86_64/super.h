/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the runtime's ring-0 half tell each other. */
#ifndef GUEST_X86_64_SUPER_H
#define GUEST_X86_64_SUPER_H

#include "guest/super/super.h"

enum { VG_UD2_SIZE = 2 };

#endif
