/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point registers for the probe guest, whose C code does not use them. */

        .section .text.fp, "ax"
        .arch   armv8-a+fp+simd
        .globl  fp_fill, fp_check

/* In: x0 seed. Fills v0..v31, FPCR (rounding mode 2), FPSR (cumulative flags). Clobbers x1. */
fp_fill:
        .altmacro
        .macro  fill_one n
        add     x1, x0, #\n
        dup     v\n\().2d, x1
        .endm
        .set    i, 0
        .rept   32
        fill_one %i
        .set    i, i + 1
        .endr
        mov     x1, #0x800000
        msr     fpcr, x1
        mov     x1, #0x1f
        msr     fpsr, x1
        ret

/* In: x0 seed. Out: x0 number of registers that are not as fp_fill() left them. Clobbers x1..x4. */
fp_check:
        mov     x4, #0
        .macro  check_one n
        add     x1, x0, #\n
        umov    x2, v\n\().d[0]
        cmp     x1, x2
        cinc    x4, x4, ne
        umov    x3, v\n\().d[1]
        cmp     x1, x3
        cinc    x4, x4, ne
        .endm
        .set    i, 0
        .rept   32
        check_one %i
        .set    i, i + 1
        .endr
        mrs     x1, fpcr
        mov     x2, #0x800000
        cmp     x1, x2
        cinc    x4, x4, ne
        mrs     x1, fpsr
        cmp     x1, #0x1f
        cinc    x4, x4, ne
        mov     x0, x4
        ret
