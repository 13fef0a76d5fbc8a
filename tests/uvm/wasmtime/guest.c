/* SPDX-License-Identifier: Apache-2.0 */
/* Serves what a WebAssembly engine asks of its platform, and accesses that trap. */
#include "vitrine-wasmtime.h"

#include "guest/wasmtime/area.h"
#include "vitrine-call.h"
#include "vitrine-fault.h"

/* ---- Traps ---- */

enum { DECLINES = 1, FAULTS = 2 };

static volatile uintptr_t nowhere = 1;

static struct {
    uint64_t count, ip, fp, has_address, address, mode;
} trap;

static void on_trap(uintptr_t ip, uintptr_t fp, bool has_faulting_addr, uintptr_t faulting_addr)
{
    trap.count++;
    trap.ip = ip;
    trap.fp = fp;
    trap.has_address = has_faulting_addr;
    trap.address = faulting_addr;
    if (trap.mode == FAULTS) {
        *(volatile uint8_t *)nowhere = 1;
    }
    if (trap.mode != DECLINES) {
        wasmtime_longjmp(wasmtime_tls_get(0));
    }
}

static void arm(uint64_t mode)
{
    trap.mode = mode;
    (void)wasmtime_init_traps(on_trap);
}
VG_EXPORT(arm, void, uint64_t);

/* count, ip, fp, has_address, address of the last one. */
static uint64_t last_trap(uint64_t n)
{
    return (&trap.count)[n];
}
VG_EXPORT(last_trap, uint64_t, uint64_t);

struct access {
    uint64_t (*fn)(uint64_t at, uint64_t value);
    uint64_t at, value, result;
};

static bool run_access(uint8_t *payload, uint8_t *callee)
{
    struct access *access = (struct access *)payload;

    wasmtime_tls_set(0, callee == NULL ? NULL : *(uint8_t **)callee);
    access->result = access->fn(access->at, access->value);
    return true;
}

/* The result; a trap fails the call. */
static uint64_t try_access(uint64_t (*fn)(uint64_t, uint64_t), uint64_t at, uint64_t value)
{
    struct access access = { fn, at, value, 0 };
    const uint8_t *here = NULL;

    if (!wasmtime_setjmp(&here, run_access, (uint8_t *)&access, (uint8_t *)&here)) {
        vg_fail();
    }
    return access.result;
}

/* ---- Accesses ---- */

static uint64_t load(uint64_t at, uint64_t value)
{
    (void)value;
    return *(volatile uint8_t *)at;
}

static uint64_t store(uint64_t at, uint64_t value)
{
    *(volatile uint8_t *)at = (uint8_t)value;
    return 0;
}

static uint64_t call(uint64_t at, uint64_t value)
{
    return ((uint64_t(*)(uint64_t))at)(value);
}

static uint64_t undefined(uint64_t at, uint64_t value)
{
    __asm__ volatile("ud2");
    return at + value;
}

static uint64_t divide(uint64_t at, uint64_t value)
{
    __asm__ volatile("xor %%edx, %%edx; div %1" : "+a"(at) : "r"(value) : "rdx");
    return at;
}

static uint64_t recurse(uint64_t at, uint64_t value)
{
    volatile uint8_t frame[256];

    frame[0] = (uint8_t)value;
    return at == UINT64_MAX ? 0 : recurse(at, value + 1) + frame[0];
}

/* What registers hold behind a store: general ones, a vector, and the carry (1 at first). */
static uint64_t touch(uint64_t at, uint64_t value)
{
    uint64_t sum;

    __asm__ volatile("mov $1, %%eax; mov $20, %%ecx; mov $300, %%edx; mov $4000, %%esi\n\t"
                     "mov $50000, %%edi; mov $600000, %%r8d; mov $7000000, %%r9d\n\t"
                     "mov $80000000, %%r10d; mov $900000000, %%r11d\n\t"
                     "movq %%r11, %%xmm7; stc\n\t"
                     "movb $1, (%%rbx)\n\t"
                     "setc %%r12b; movzx %%r12b, %%r12; movq %%xmm7, %%r13; sub %%r13, %%r11\n\t"
                     "add %%r11, %%rax; add %%rcx, %%rax; add %%rdx, %%rax; add %%rsi, %%rax\n\t"
                     "add %%rdi, %%rax; add %%r8, %%rax; add %%r9, %%rax; add %%r10, %%rax\n\t"
                     "add %%r12, %%rax"
                     : "=a"(sum), "+b"(at)
                     :
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "xmm7",
                       "cc", "memory");
    return sum + value;
}

static uint64_t access(uint64_t what, uint64_t at, uint64_t value)
{
    static uint64_t (*const all[])(uint64_t, uint64_t) = { load,   store,   call, undefined,
                                                           divide, recurse, touch };

    return try_access(all[what], at, value);
}
VG_EXPORT(access, uint64_t, uint64_t, uint64_t, uint64_t);

/* The address of memory of the program's own: text, data, heap, stack. */
static uint64_t where(uint64_t what)
{
    static uint64_t data;
    const uint64_t all[] = { (uint64_t)load, (uint64_t)&data, (uint64_t)vg_heap().base,
                             vg_heap().size, (uint64_t)__builtin_frame_address(0) };

    return all[what];
}
VG_EXPORT(where, uint64_t, uint64_t);

/* ---- Mappings ---- */

/* The address, or the error. */
static uint64_t map(uint64_t size, uint64_t prot)
{
    uint8_t *at = NULL;
    int32_t err = wasmtime_mmap_new(size, (uint32_t)prot, &at);

    return err != 0 ? (uint64_t)err : (uint64_t)at;
}
VG_EXPORT(map, uint64_t, uint64_t, uint64_t);

static uint64_t remap(uint64_t at, uint64_t size, uint64_t prot)
{
    return (uint64_t)wasmtime_mmap_remap((uint8_t *)at, size, (uint32_t)prot);
}
VG_EXPORT(remap, uint64_t, uint64_t, uint64_t, uint64_t);

static uint64_t unmap(uint64_t at, uint64_t size)
{
    return (uint64_t)wasmtime_munmap((uint8_t *)at, size);
}
VG_EXPORT(unmap, uint64_t, uint64_t, uint64_t);

static uint64_t protect(uint64_t at, uint64_t size, uint64_t prot)
{
    return (uint64_t)wasmtime_mprotect((uint8_t *)at, size, (uint32_t)prot);
}
VG_EXPORT(protect, uint64_t, uint64_t, uint64_t, uint64_t);

static uint64_t page_size(void)
{
    return wasmtime_page_size();
}
VG_EXPORT(page_size, uint64_t);

/* ---- Images ---- */

static uint64_t image_new(uint64_t at, uint64_t size)
{
    struct wasmtime_memory_image *image = NULL;
    int32_t err = wasmtime_memory_image_new((const uint8_t *)at, size, &image);

    return err != 0 ? (uint64_t)err : (uint64_t)image;
}
VG_EXPORT(image_new, uint64_t, uint64_t, uint64_t);

static uint64_t image_map(uint64_t image, uint64_t at, uint64_t size)
{
    return (uint64_t)wasmtime_memory_image_map_at((struct wasmtime_memory_image *)image,
                                                  (uint8_t *)at, size);
}
VG_EXPORT(image_map, uint64_t, uint64_t, uint64_t, uint64_t);

static void image_free(uint64_t image)
{
    wasmtime_memory_image_free((struct wasmtime_memory_image *)image);
}
VG_EXPORT(image_free, void, uint64_t);

/* ---- The rest ---- */

/* Asks ring 0 for what the platform would not. */
static int64_t ask(uint64_t what, uint64_t at, uint64_t pages, uint64_t from)
{
    return area_request(what, at, pages, from);
}
VG_EXPORT(ask, int64_t, uint64_t, uint64_t, uint64_t, uint64_t);

static bool storage(void)
{
    uint8_t value;
    bool good = wasmtime_tls_get(1) == NULL;

    wasmtime_tls_set(1, &value);
    good = good && wasmtime_tls_get(1) == &value && wasmtime_tls_get(2) == NULL;
    wasmtime_tls_set(1, NULL);
    return good && wasmtime_tls_get(1) == NULL;
}
VG_EXPORT(storage, bool);

static bool locks(void)
{
    uintptr_t lock = 0, shared = 0;

    wasmtime_sync_lock_free(&lock);
    wasmtime_sync_lock_acquire(&lock);
    wasmtime_sync_lock_release(&lock);
    wasmtime_sync_lock_acquire(&lock);
    wasmtime_sync_lock_release(&lock);
    wasmtime_sync_rwlock_read(&shared);
    wasmtime_sync_rwlock_read(&shared);
    wasmtime_sync_rwlock_read_release(&shared);
    wasmtime_sync_rwlock_read_release(&shared);
    wasmtime_sync_rwlock_write(&shared);
    wasmtime_sync_rwlock_write_release(&shared);
    wasmtime_sync_rwlock_free(&shared);
    return lock == 0 && shared == 0;
}
VG_EXPORT(locks, bool);
