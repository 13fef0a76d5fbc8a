/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The area: addresses in which a WebAssembly engine has its mappings, known to both rings. Ring 3
 * keeps the lists (map.c, frame.c) and answers faults there (trap.c); ring 0 (area_super.c) writes
 * page-table entries, and sees to it that no page of the heap can ever be written and executed, by
 * whatever addresses.
 *
 * A page of the heap is at home, where it lies and the program may write it, or in the area: at one
 * place with any protection but write and execute, or at several that can't write it.
 */
#ifndef GUEST_WASMTIME_AREA_H
#define GUEST_WASMTIME_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/uvm.h"
#include "lib/field.h"

/* The windows of guest/wasm/window.h come before it. */
#define AREA_GVA  (UVM_OWN_GVA + UINT64_C(0x2000000000))
#define AREA_END  UVM_OWN_END
#define AREA_PAGE UINT64_C(4096)

/* Of the heap, what can be in the area: its first 512 MiB. */
enum { AREA_FRAMES = 0x20000, AREA_REQUEST_PAGES = 512 };

/*
 * What ring 3 asks: area_request(put(AREA_OP, op) | put(AREA_PROT, protection), at, pages, from).
 * It returns how many pages were done, from the first one on, or a negative number: refused.
 */
enum area_op {
    AREA_MAP,     /* pages of the heap that are at home, from `from` on, to where nothing is */
    AREA_SHARE,   /* the pages that are at `from`, which can't write them, at `at`, too */
    AREA_PROTECT, /* those that are there; what is shared is not made writable */
    AREA_UNMAP,   /* those that are there: at the last place, they go home */
    AREA_OP_COUNT
};

FIELD(AREA_OP, 0, 8);
FIELD(AREA_PROT, 8, 3);

int64_t area_request(uint64_t what, uint64_t at, uint64_t pages, uint64_t from);

/* Protection, as WebAssembly engines number it. Without any, a page keeps its contents. */
enum { AREA_READ = 1, AREA_WRITE = 2, AREA_EXEC = 4 };

/* Where ring 3 raises #UD to be heard; all registers but the first one's are as at the fault. */
extern const uint8_t area_request_insn[], area_resume_insn[], area_decline_insn[];

/*
 * Where ring 0 lets ring 3 go on at a fault, on this stack: calls area_fault() and goes back, or
 * declines, so that the fault goes to the host. A fault on this stack goes there at once.
 */
enum { AREA_TRAP_STACK = 0x10000 };
extern uint8_t area_trap_stack[AREA_TRAP_STACK];
void area_upcall(void);

/* Whether all was done; `access`: enum fault_access, NONE when there is no address. */
bool area_fault(uint64_t pc, uint64_t fp, uint64_t access, uint64_t address);

/* Set by ring 3 when it wants to hear of faults that have nothing to do with the area. */
extern bool area_wants_all;

/* Nothing: a name by which ring 3 has ring 0's part linked. */
extern const uint8_t area_super_here;

#endif
