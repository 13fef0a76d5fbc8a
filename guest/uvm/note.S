/* SPDX-License-Identifier: Apache-2.0 */
/* The note by which a host finds everything: included by the start.S of each architecture, after
 * its frame.h. Holds no code. */

/* struct uvm_note: places relative to the field that holds them. */
        .section .note.vitrine, "a", @note
        .balign 4
        .long   8, note_end - note, 1
        .asciz  "Vitrine"
note:
        .long   1, note_end - note
        .quad   vg_entry - .
        .quad   vg_vectors - .
        .long   VECTOR_STRIDE, VECTOR_COUNT
        .quad   __vg_exports_start - .
        .quad   __vg_exports_end - .
        .quad   __vg_imports_start - .
        .quad   __vg_imports_end - .
note_end:
