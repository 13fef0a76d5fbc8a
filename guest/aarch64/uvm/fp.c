/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point control of what an exception interrupted: EL1 uses none of its own. */
#include <stddef.h>

#include "guest/aarch64/hw.h"
#include "vitrine-fault.h"

void vg_fp_get(struct vg_fp *fp, void **image)
{
    fp->control = (uint32_t)rd_fpcr();
    fp->status = (uint32_t)rd_fpsr();
    fp->simd = 0;
    if (image != NULL) {
        *image = NULL;
    }
}

void vg_fp_put(const struct vg_fp *fp)
{
    wr_fpcr(fp->control);
    wr_fpsr(fp->status);
}
