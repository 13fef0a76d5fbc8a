/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring 0's part of the area: page-table entries as ring 3 asks, and faults handed to ring 3. Ring 3
 * may ask for anything: it gets its own heap, never writable and executable, or nothing.
 */
#include "guest/wasmtime/area.h"
#include "guest/x86_64/hw.h"
#include "guest/x86_64/super.h"

/* Page-table entries (Intel SDM 3A 4.5); accessed and dirty are set in advance. */
#define PTE_PRESENT UINT64_C(1)
#define PTE_WRITE   UINT64_C(2)
#define PTE_LARGE   UINT64_C(0x80)
#define PTE_NX      UINT64_C(0x8000000000000000)
#define PTE_TABLE   UINT64_C(0x27)               /* present, writable, user, accessed */
#define PTE_HOME    UINT64_C(0x8000000000000067) /* the same, dirty, not executable */
#define PTE_HELD    UINT64_C(0x64)               /* user, accessed, dirty, but not present */

#define RFLAGS_DF UINT64_C(0x400)

FIELD(PTE_FRAME, 12, 40);
FIELD(GVA_DIR, 30, 9); /* which entry of the table that the first entry of the root names */
FIELD(GVA_PDE, 21, 9);
FIELD(GVA_PTE, 12, 9);

enum { ENTRIES = 512, TABLES = 256, SHARES_MAX = 255, VECTOR_UD = 6 };

const uint8_t area_super_here;

/* Tables are never given back: an area's address that was used may be used again. */
static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static uint32_t tables_used;

/* Of each page of the heap: at how many places of the area it is; 0: at home. */
static uint8_t places[AREA_FRAMES];

struct request {
    uint64_t op, prot, at, pages, from;
};

/* ---- Tables ---- */

static uint64_t *table_at(uint64_t pte)
{
    return (uint64_t *)(get(PTE_FRAME, pte) * AREA_PAGE);
}

static uint64_t *new_table(void)
{
    return tables_used == TABLES ? NULL : tables[tables_used++];
}

/* The table that an entry names; made where there is none, or a large page. NULL: can't be. */
static uint64_t *below(uint64_t *entry)
{
    bool is_large = (*entry & PTE_PRESENT) != 0 && (*entry & PTE_LARGE) != 0;
    uint64_t *table = table_at(*entry);
    uint64_t pte = *entry & ~PTE_LARGE;

    if (*entry != 0 && !is_large) {
        return table;
    }
    table = new_table();
    if (table == NULL) {
        return NULL;
    }
    for (uint64_t i = 0; i < ENTRIES && is_large; i++, pte += AREA_PAGE) {
        table[i] = pte;
    }
    *entry = (uint64_t)table | PTE_TABLE;
    return table;
}

static uint64_t *entry_at(uint64_t gva)
{
    uint64_t *dirs = table_at(table_at(rd_cr3())[0]);
    uint64_t *dir = below(&dirs[get(GVA_DIR, gva)]);
    uint64_t *table = dir == NULL ? NULL : below(&dir[get(GVA_PDE, gva)]);

    return table == NULL ? NULL : &table[get(GVA_PTE, gva)];
}

/* A place in the tables that moves on page by page; walks only where another table begins. */
struct cursor {
    uint64_t at;
    uint64_t *entry;
};

static uint64_t *move_to(struct cursor *c, uint64_t at)
{
    bool is_next = c->entry != NULL && at - c->at == AREA_PAGE && get(GVA_PTE, at) != 0;

    c->entry = is_next ? c->entry + 1 : entry_at(at);
    c->at = at;
    return c->entry;
}

/* All of an entry but the page's address. */
static uint64_t bits_of(uint64_t prot)
{
    return PTE_HELD | (prot != 0 ? PTE_PRESENT : 0) | ((prot & AREA_WRITE) != 0 ? PTE_WRITE : 0) |
           ((prot & AREA_EXEC) != 0 ? 0 : PTE_NX);
}

static uint64_t frame_of(uint64_t pte)
{
    return pte & field_mask(PTE_FRAME);
}

static uint8_t *places_of(uint64_t frame)
{
    return &places[(frame - vg_info()->heap_gva) / AREA_PAGE];
}

static bool is_heap(uint64_t frame, uint64_t pages)
{
    uint64_t offset = frame - vg_info()->heap_gva;
    uint64_t size = vg_info()->heap_size;

    size = size < AREA_FRAMES * AREA_PAGE ? size : AREA_FRAMES * AREA_PAGE;
    return frame % AREA_PAGE == 0 && frame >= vg_info()->heap_gva && offset < size &&
           pages <= (size - offset) / AREA_PAGE;
}

static bool is_area(uint64_t at, uint64_t pages)
{
    return at % AREA_PAGE == 0 && at >= AREA_GVA && at < AREA_END &&
           pages <= (AREA_END - at) / AREA_PAGE;
}

/* ---- Requests: each returns how many pages were done ---- */

static uint64_t map(const struct request *r)
{
    struct cursor place = { 0, NULL }, home = { 0, NULL };
    uint64_t bits = bits_of(r->prot), frame = r->from, done;
    uint8_t *count = places_of(frame);

    if (!is_heap(frame, r->pages)) {
        return 0;
    }
    for (done = 0; done < r->pages; done++, frame += AREA_PAGE, count++) {
        uint64_t *entry = move_to(&place, r->at + done * AREA_PAGE);

        if (entry == NULL || *entry != 0 || *count != 0 || move_to(&home, frame) == NULL) {
            break;
        }
        *home.entry = 0;
        *entry = frame | bits;
        *count = 1;
    }
    return done;
}

static uint64_t share(const struct request *r)
{
    struct cursor place = { 0, NULL }, source = { 0, NULL };
    uint64_t bits = bits_of(r->prot) & ~PTE_WRITE, done;

    for (done = 0; done < r->pages && is_area(r->from, r->pages); done++) {
        uint64_t *entry = move_to(&place, r->at + done * AREA_PAGE);
        uint64_t *from = move_to(&source, r->from + done * AREA_PAGE);
        uint8_t *count;

        if (entry == NULL || *entry != 0 || from == NULL || *from == 0 ||
            (*from & PTE_WRITE) != 0) {
            break;
        }
        count = places_of(frame_of(*from));
        if (*count == SHARES_MAX) {
            break;
        }
        *entry = frame_of(*from) | bits;
        *count += 1;
    }
    return done;
}

static uint64_t protect(const struct request *r)
{
    struct cursor place = { 0, NULL };
    uint64_t bits = bits_of(r->prot), shared = bits & ~PTE_WRITE, done;

    for (done = 0; done < r->pages; done++) {
        uint64_t *entry = move_to(&place, r->at + done * AREA_PAGE);

        if (entry == NULL) {
            break;
        }
        if (*entry != 0) {
            uint64_t frame = frame_of(*entry);

            *entry = frame | (*places_of(frame) == 1 ? bits : shared);
        }
    }
    return done;
}

static uint64_t unmap(const struct request *r)
{
    struct cursor place = { 0, NULL }, home = { 0, NULL };
    uint64_t done;

    for (done = 0; done < r->pages; done++) {
        uint64_t *entry = move_to(&place, r->at + done * AREA_PAGE);
        uint64_t frame;
        uint8_t *count;

        if (entry == NULL) {
            break;
        }
        if (*entry == 0) {
            continue;
        }
        frame = frame_of(*entry);
        count = places_of(frame);
        *entry = 0;
        *count -= 1;
        if (*count == 0 && move_to(&home, frame) != NULL) { /* made when the page left */
            *home.entry = frame | PTE_HOME;
        }
    }
    return done;
}

static uint64_t (*const ops[AREA_OP_COUNT])(const struct request *r) = {
    [AREA_MAP] = map,
    [AREA_SHARE] = share,
    [AREA_PROTECT] = protect,
    [AREA_UNMAP] = unmap,
};

static int64_t serve(const struct request *r)
{
    uint64_t done;

    if (r->op >= AREA_OP_COUNT || r->pages > AREA_REQUEST_PAGES || !is_area(r->at, r->pages) ||
        ((r->prot & AREA_WRITE) != 0 && (r->prot & AREA_EXEC) != 0)) {
        return VG_ERR_INVALID;
    }
    done = ops[r->op](r);
    wr_cr3(rd_cr3());
    return (int64_t)done;
}

/* ---- Faults ---- */

/* What area_upcall() doesn't keep itself, and what the host is told when it declines. */
static struct {
    bool valid;
    uint64_t pc, flags, rsp, rdi, rsi, rdx, rcx;
    uint64_t error_code, address;
    uint32_t vector;
    uint16_t class, reason, access;
} saved;

static void save(const struct vg_context *context)
{
    saved.valid = true;
    saved.pc = context->pc;
    saved.flags = context->flags;
    saved.rsp = context->gpr[FAULT_RSP];
    saved.rdi = context->gpr[FAULT_RDI];
    saved.rsi = context->gpr[FAULT_RSI];
    saved.rdx = context->gpr[FAULT_RDX];
    saved.rcx = context->gpr[FAULT_RCX];
    saved.error_code = context->error_code;
    saved.address = context->address;
    saved.vector = context->vector;
    saved.class = context->class;
    saved.reason = context->reason;
    saved.access = context->access;
}

static void put_back(struct vg_context *context)
{
    saved.valid = false;
    context->pc = saved.pc;
    context->flags = saved.flags;
    context->gpr[FAULT_RSP] = saved.rsp;
    context->gpr[FAULT_RDI] = saved.rdi;
    context->gpr[FAULT_RSI] = saved.rsi;
    context->gpr[FAULT_RDX] = saved.rdx;
    context->gpr[FAULT_RCX] = saved.rcx;
}

static enum vg_verdict decline(struct vg_context *context)
{
    put_back(context);
    context->error_code = saved.error_code;
    context->address = saved.address;
    context->vector = saved.vector;
    context->class = saved.class;
    context->reason = saved.reason;
    context->access = saved.access;
    return VG_FORWARD;
}

static enum vg_verdict on_request(struct vg_context *context, void *arg)
{
    const struct request request = {
        .op = get(AREA_OP, context->gpr[FAULT_RDI]),
        .prot = get(AREA_PROT, context->gpr[FAULT_RDI]),
        .at = context->gpr[FAULT_RSI],
        .pages = context->gpr[FAULT_RDX],
        .from = context->gpr[FAULT_RCX],
    };

    (void)arg;
    if (context->level != FAULT_LEVEL_USER) {
        return VG_NEXT;
    }
    if (context->pc == (uint64_t)area_request_insn) {
        context->pc += VG_UD2_SIZE;
        context->gpr[FAULT_RAX] = (uint64_t)serve(&request);
        return VG_RESUME;
    }
    if (saved.valid && context->pc == (uint64_t)area_resume_insn) {
        put_back(context);
        return VG_RESUME;
    }
    return saved.valid && context->pc == (uint64_t)area_decline_insn ? decline(context) : VG_NEXT;
}

static enum vg_verdict on_fault(struct vg_context *context, void *arg)
{
    bool is_memory = context->class == FAULT_CLASS_MEMORY;
    bool is_ours = is_memory && context->address >= AREA_GVA && context->address < AREA_END;

    (void)arg;
    if (context->level != FAULT_LEVEL_USER || (!is_ours && !area_wants_all) ||
        context->gpr[FAULT_RSP] - (uint64_t)area_trap_stack <= AREA_TRAP_STACK) {
        return VG_NEXT;
    }
    save(context);
    context->gpr[FAULT_RDI] = context->pc;
    context->gpr[FAULT_RSI] = context->gpr[FAULT_RBP];
    context->gpr[FAULT_RDX] = is_memory ? context->access : FAULT_ACCESS_NONE;
    context->gpr[FAULT_RCX] = context->address;
    context->pc = (uint64_t)area_upcall;
    context->gpr[FAULT_RSP] = (uint64_t)(area_trap_stack + AREA_TRAP_STACK);
    context->flags &= ~RFLAGS_DF;
    return VG_RESUME;
}

/* All handlers of the program are asked before on_fault(). */
__attribute__((constructor)) static void register_handlers(void)
{
    static const uint16_t classes[] = { FAULT_CLASS_MEMORY, FAULT_CLASS_ILLEGAL,
                                        FAULT_CLASS_ARITHMETIC };
    struct vg_handler handler = { .fn = on_request, .on = VG_ON_VECTOR(VECTOR_UD) };

    (void)vg_handler_register(&handler);
    handler.fn = on_fault;
    handler.priority = INT32_MIN;
    for (unsigned i = 0; i < ARRAY_COUNT(classes); i++) {
        handler.on = VG_ON_CLASS(classes[i]);
        (void)vg_handler_register(&handler);
    }
}
