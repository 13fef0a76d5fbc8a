/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring 0's part of WebAssembly: shows the heap in windows, and turns faults there, and overflows of
 * the stack, into traps. Ring 3 may ask for anything: it gets its own heap, or nothing.
 */
#include "guest/wasm/window.h"
#include "guest/x86_64/hw.h"
#include "guest/x86_64/super.h"
#include "lib/field.h"

/* Page-table entries (Intel SDM 3A 4.5); accessed and dirty are set in advance. */
#define PTE_TABLE UINT64_C(0x27)               /* present, writable, user, accessed */
#define PTE_LEAF  UINT64_C(0x8000000000000067) /* the same, dirty, not executable */
#define PTE_LARGE UINT64_C(0x80)

#define RFLAGS_DF UINT64_C(0x400)

FIELD(PTE_FRAME, 12, 40);
FIELD(PF_FETCH, 4, 1); /* of the error code */
FIELD(SELECTOR_RPL, 0, 2);
FIELD(GVA_DIRECTORY, 30, 9); /* which entry of the table that the first entry of the root names */

enum { PAGE = 4096, ENTRIES = 512, VECTOR_UD = 6, VECTOR_PF = 14 };
enum { DIRECTORIES = WINDOW_PIECES / ENTRIES, SMALL_PER_PAGE = WINDOW_PAGE / PAGE };

const uint8_t window_super_here;

/* One entry a piece; and the table of the piece that is shown in part. */
static uint64_t directory[WINDOW_COUNT][WINDOW_PIECES] __attribute__((aligned(PAGE)));
static uint64_t partial[WINDOW_COUNT][ENTRIES] __attribute__((aligned(PAGE)));

/* Of the partial piece: pages == 0: there is none. */
static struct {
    uint64_t piece, pages;
} part[WINDOW_COUNT];

struct request {
    uint64_t window, piece, frame, pages;
};

static uint64_t *table_at(uint64_t pte)
{
    return (uint64_t *)(get(PTE_FRAME, pte) * PAGE);
}

/* Makes the directory known that holds the entry of a piece. */
static void link_directory(const struct request *r)
{
    uint64_t gva = WINDOW_GVA + r->window * WINDOW_STRIDE + r->piece * WINDOW_PIECE;
    uint64_t *directories = table_at(table_at(rd_cr3())[0]);
    uint64_t first = r->piece / ENTRIES * ENTRIES;

    directories[get(GVA_DIRECTORY, gva)] = (uint64_t)&directory[r->window][first] | PTE_TABLE;
}

/* Fills the partial table from where it is filled already, when it is this piece's. */
static void show_part(const struct request *r, bool same)
{
    uint64_t *table = partial[r->window];
    uint64_t from = same ? part[r->window].pages * SMALL_PER_PAGE : 0;
    uint64_t end = r->pages * SMALL_PER_PAGE;
    uint64_t pte = (r->frame + from * PAGE) | PTE_LEAF;

    for (uint64_t i = from; i < end; i++, pte += PAGE) {
        table[i] = pte;
    }
    for (uint64_t i = end; i < ENTRIES && table[i] != 0; i++) {
        table[i] = 0;
    }
    part[r->window].piece = r->piece;
    part[r->window].pages = r->pages;
}

static bool is_allowed(const struct request *r)
{
    return r->window < WINDOW_COUNT && r->piece < WINDOW_PIECES && r->pages <= WINDOW_PIECE_PAGES &&
           (r->pages == 0 ||
            (r->frame % WINDOW_PIECE == 0 && vg_is_user(r->frame, WINDOW_PIECE, true)));
}

static int show(const struct request *r)
{
    uint64_t *entry, old, table;
    bool is_part, same;

    if (!is_allowed(r)) {
        return VG_ERR_INVALID;
    }
    entry = &directory[r->window][r->piece];
    old = *entry;
    table = (uint64_t)partial[r->window] | PTE_TABLE;
    is_part = part[r->window].pages != 0 && part[r->window].piece == r->piece;
    same = is_part && partial[r->window][0] == (r->frame | PTE_LEAF);
    if (r->pages == 0) {
        *entry = 0;
    } else if (r->pages == WINDOW_PIECE_PAGES) {
        link_directory(r);
        *entry = r->frame | PTE_LEAF | PTE_LARGE;
    } else if (part[r->window].pages != 0 && !is_part) {
        return VG_ERR_FULL;
    } else {
        link_directory(r);
        show_part(r, same);
        *entry = table;
    }
    if (is_part && *entry != table) {
        part[r->window].pages = 0;
    }
    if (old != 0) {
        wr_cr3(rd_cr3());
    }
    return 0;
}

static enum vg_verdict on_request(struct vg_context *context, void *arg)
{
    const struct request request = { context->gpr[FAULT_RDI], context->gpr[FAULT_RSI],
                                     context->gpr[FAULT_RDX], context->gpr[FAULT_RCX] };

    (void)arg;
    if (context->level != FAULT_LEVEL_USER || context->pc != (uint64_t)window_map_insn) {
        return VG_NEXT;
    }
    context->pc += VG_UD2_SIZE;
    context->gpr[FAULT_RAX] = (uint64_t)(int64_t)show(&request);
    return VG_RESUME;
}

static bool is_window(uint64_t address)
{
    return address - WINDOW_GVA < WINDOW_COUNT * WINDOW_STRIDE;
}

/* Nothing of the faulting function goes on, so only the stack it is left on matters. */
static uint64_t trap_stack(void)
{
    return (uint64_t)(wasm_trap_stack + WASM_TRAP_STACK) - sizeof(uint64_t);
}

/* The same as on_fault() for what comes most, as long as the program has no other fast handler. */
static bool on_fast_fault(struct vg_fast *fault)
{
    if (!is_window(rd_cr2()) || get(SELECTOR_RPL, fault->cs) == 0 || vg_wasm_running == NULL ||
        get(PF_FETCH, fault->error_code) != 0) {
        return false;
    }
    fault->pc = (uint64_t)wasm_trap_bounds;
    fault->sp = trap_stack();
    fault->flags &= ~RFLAGS_DF;
    return true;
}

static enum vg_verdict on_fault(struct vg_context *context, void *arg)
{
    bool is_bounds = is_window(context->address) && context->access != FAULT_ACCESS_EXEC;

    (void)arg;
    if (context->level != FAULT_LEVEL_USER || vg_wasm_running == NULL ||
        (!is_bounds && context->reason != FAULT_REASON_STACK_OVERFLOW)) {
        return VG_NEXT;
    }
    context->pc = (uint64_t)(is_bounds ? wasm_trap_bounds : wasm_trap_exhausted);
    context->gpr[FAULT_RSP] = trap_stack();
    context->flags &= ~RFLAGS_DF;
    return VG_RESUME;
}

__attribute__((constructor)) static void register_handlers(void)
{
    const struct vg_handler request = { .fn = on_request, .on = VG_ON_VECTOR(VECTOR_UD) };
    const struct vg_handler fault = { .fn = on_fault, .on = VG_ON_CLASS(FAULT_CLASS_MEMORY) };

    (void)vg_handler_register(&request);
    (void)vg_handler_register(&fault);
    (void)vg_fast_set(VECTOR_PF, on_fast_fault);
}
