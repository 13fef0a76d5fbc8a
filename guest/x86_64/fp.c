/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating-point state of what an exception interrupted, fetched when somebody asks: by XSAVE where
 * ring 0 can execute it, else by the host. Nothing else in ring 0 touches these registers.
 */
#include <stddef.h>

#include "guest/x86_64/hw.h"
#include "guest/x86_64/super.h"

/* Beginning of an XSAVE area in standard format (SDM volume 1, 13.4). */
struct xsave_area {
    uint16_t fcw, fsw;
    uint8_t other[20];
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[480];
    uint64_t xstate_bv; /* components that are not in their initial state */
};

_Static_assert(offsetof(struct xsave_area, mxcsr) == 24, "XSAVE");
_Static_assert(offsetof(struct xsave_area, xstate_bv) == 512, "XSAVE");

FIELD(XSTATE_X87, 0, 1);
FIELD(FP_FLAGS, 0, 6); /* the exceptions, in FSW, and their masks in FCW */

enum { FSW_PENDING = 0x8080, MXCSR_MASK_DEFAULT = 0xffbf };

static struct xsave_area *area(void)
{
    return (struct xsave_area *)vg_info()->xsave_gva;
}

void vg_fp_get(struct vg_fp *fp, void **image)
{
    if ((vg_info()->flags & UVM_FLAG_XSAVE) != 0) {
        hw_xsave(area(), vg_info()->xsave_mask);
    } else {
        hw_exit(UVM_PORT_XSAVE);
    }
    fp->control = area()->fcw;
    fp->status = area()->fsw;
    fp->simd = area()->mxcsr;
    if (image != NULL) {
        *image = area();
    }
}

void vg_fp_put(const struct vg_fp *fp)
{
    const uint32_t mask = area()->mxcsr_mask != 0 ? area()->mxcsr_mask : MXCSR_MASK_DEFAULT;
    const bool pending = get(FP_FLAGS, fp->status & ~fp->control) != 0;

    area()->fcw = (uint16_t)fp->control;
    area()->fsw = (uint16_t)(pending ? fp->status : fp->status & ~(uint32_t)FSW_PENDING);
    area()->mxcsr = fp->simd & mask;
    area()->xstate_bv |= put(XSTATE_X87, 1);
    if ((vg_info()->flags & UVM_FLAG_XSAVE) != 0) {
        hw_xrstor(area(), vg_info()->xsave_mask);
    } else {
        hw_exit(UVM_PORT_XRSTOR);
    }
}
