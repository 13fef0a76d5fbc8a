/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: pages of mappings that are touched come, all else is the engine's, or the host's. */
#include "abi/fault.h"
#include "guest/wasmtime/map.h"
#include "vitrine-call.h"
#include <setjmp.h>

uint8_t area_trap_stack[AREA_TRAP_STACK] __attribute__((aligned(16)));
bool area_wants_all;

/* Has the linker take ring 0's part out of its archive. */
__attribute__((used)) static const uint8_t *const other_half = &area_super_here;

static wasmtime_trap_handler_t handler;

/* ---- Pages ---- */

enum { AROUND = 16 }; /* pages that come at a touch */

static bool allows(uint32_t prot, uint64_t access)
{
    switch ((enum fault_access)access) {
    case FAULT_ACCESS_READ: return prot != 0;
    case FAULT_ACCESS_WRITE: return (prot & AREA_WRITE) != 0;
    case FAULT_ACCESS_EXEC: return (prot & AREA_EXEC) != 0;
    case FAULT_ACCESS_NONE:
    default: return false;
    }
}

/* A page of an image: shown until it is written, then a copy takes its place. */
static bool take_image(const struct mapping *m, uint64_t page, uint64_t pages, bool write)
{
    uint64_t home = image_home(m->image, m->offset + page - m->start);

    if (!write) {
        return frame_share(page, pages, home, m->prot) != 0;
    }
    frame_unmap(page, page + AREA_PAGE);
    return frame_copy(page, 1, (const uint8_t *)home, m->prot) == 1;
}

static bool take_page(const struct mapping *m, uint64_t page, bool write)
{
    uint64_t pages = (m->end - page) / AREA_PAGE;

    pages = pages < AROUND ? pages : AROUND;
    return m->image != NULL ? take_image(m, page, pages, write)
                            : frame_map(page, pages, m->prot) != 0;
}

bool area_fault(uint64_t pc, uint64_t fp, uint64_t access, uint64_t address)
{
    bool has_address = access != FAULT_ACCESS_NONE;
    const struct mapping *m = has_address ? map_find(address) : NULL;

    if (m != NULL && allows(m->prot, access)) {
        return take_page(m, address - address % AREA_PAGE, access == FAULT_ACCESS_WRITE);
    }
    if (handler != NULL) {
        handler(pc, fp, has_address, address);
    }
    return false;
}

/* ---- The engine's ---- */

int32_t wasmtime_init_traps(wasmtime_trap_handler_t new_handler)
{
    handler = new_handler;
    area_wants_all = new_handler != NULL;
    return 0;
}

bool wasmtime_setjmp(const uint8_t **jmp_buf_out, bool (*callback)(uint8_t *, uint8_t *),
                     uint8_t *payload, uint8_t *callee)
{
    jmp_buf here;

    if (setjmp(here) != 0) {
        return false;
    }
    *jmp_buf_out = (const uint8_t *)here;
    return callback(payload, callee);
}

_Noreturn void wasmtime_longjmp(const uint8_t *buffer)
{
    longjmp((uint64_t *)(uintptr_t)buffer, 1);
}
