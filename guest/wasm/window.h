/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows: where linear memories of WebAssembly lie, known to both rings. A window is a range of
 * addresses of which ring 0 makes as many pages present as the memory has; they show 2 MiB pieces
 * of the heap. No access of compiled code leaves its window, so what lies behind the memory's end
 * faults, and is a trap.
 */
#ifndef GUEST_WASM_WINDOW_H
#define GUEST_WASM_WINDOW_H

#include <stdint.h>

#include "abi/uvm.h"

/* A 32-bit index, a 32-bit offset and 16 bytes of width reach beyond 8 GiB. */
#define WINDOW_STRIDE (UINT64_C(16) * 1024 * 1024 * 1024)
#define WINDOW_SIZE   (UINT64_C(4) * 1024 * 1024 * 1024) /* what can be present */
#define WINDOW_GVA    UVM_OWN_GVA
#define WINDOW_PIECE  UINT64_C(0x200000)

enum {
    WINDOW_COUNT = 8,
    WINDOW_PIECES = WINDOW_SIZE / WINDOW_PIECE,
    WINDOW_PAGE = 0x10000, /* WebAssembly's page */
    WINDOW_PIECE_PAGES = WINDOW_PIECE / WINDOW_PAGE
};

_Static_assert(UVM_OWN_GVA + WINDOW_COUNT * WINDOW_STRIDE <= UVM_OWN_END, "windows");

/*
 * Asks ring 0: the first `pages` (of 64 KiB) of a window's piece show the heap from `frame` on, the
 * others nothing. One piece of a window may be shown in part. 0, or negative: refused.
 */
int window_map(uint64_t window, uint64_t piece, uint64_t frame, uint64_t pages);

/* Where window_map() raises #UD to be heard. */
extern const uint8_t window_map_insn[];

/* Not NULL while a module runs. Ring 0 only looks whether it is. */
extern struct vg_wasm_try *vg_wasm_running;

/* Where ring 0 lets user code go on behind a fault of a module, on this stack. */
enum { WASM_TRAP_STACK = 4096 };
extern uint8_t wasm_trap_stack[WASM_TRAP_STACK];
_Noreturn void wasm_trap_bounds(void);
_Noreturn void wasm_trap_exhausted(void);

/* Nothing: a name by which user mode's part has ring 0's linked. */
extern const uint8_t window_super_here;

#endif
