/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a WebAssembly engine built without an operating system (wasmtime's "custom platform") asks
 * of the machine it runs on, answered in a micro-VM: mappings, protection, traps, copy-on-write
 * images, one thread's storage, locks. docs/wasm.md has the rules; the names and types are those
 * that wasmtime links with, so that nothing lies between.
 *
 * Functions that return int32_t return 0, or one of enum vg_wasmtime_err. Mappings take all of
 * vg_heap(), page by page as they are touched: the program gets memory by wasmtime_mmap_new(), not
 * by vg_heap(). One vCPU. User mode only; none of this may be called from handlers (_super.c).
 */
#ifndef VITRINE_WASMTIME_H
#define VITRINE_WASMTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum vg_wasmtime_err {
    VG_WASMTIME_NO_MEMORY = 12, /* addresses, pages or lists are used up; not mapped */
    VG_WASMTIME_DENIED = 13,    /* both writable and executable: never */
    VG_WASMTIME_INVALID = 22,   /* not whole pages, not in a mapping, unknown flags */
};

/* ---- Mappings ---- */

/* Write and execute exclude each other; both include read. None: contents stay, accesses trap. */
#define WASMTIME_PROT_READ  (1u << 0)
#define WASMTIME_PROT_WRITE (1u << 1)
#define WASMTIME_PROT_EXEC  (1u << 2)

/* Bytes of a page: 4096. */
uintptr_t wasmtime_page_size(void);

/* Zeros at addresses that the platform chooses, an unmapped page before and behind them. */
int32_t wasmtime_mmap_new(uintptr_t size, uint32_t prot_flags, uint8_t **ret);

/* Zeros in place of what was mapped at all of [addr, addr + size). */
int32_t wasmtime_mmap_remap(uint8_t *addr, uintptr_t size, uint32_t prot_flags);

/* Nothing at [ptr, ptr + size) any more; what was there is forgotten. */
int32_t wasmtime_munmap(uint8_t *ptr, uintptr_t size);

/* All of [ptr, ptr + size) must be mapped. */
int32_t wasmtime_mprotect(uint8_t *ptr, uintptr_t size, uint32_t prot_flags);

/* ---- Images ---- */

struct wasmtime_memory_image;

/* A copy of [ptr, ptr + len). *ret = NULL: there is no room for it, which is no error. */
int32_t wasmtime_memory_image_new(const uint8_t *ptr, uintptr_t len,
                                  struct wasmtime_memory_image **ret);

/* The first `len` bytes of the image in place of what was mapped: readable, writable, each page
 * copied when it is first written. */
int32_t wasmtime_memory_image_map_at(struct wasmtime_memory_image *image, uint8_t *addr,
                                     uintptr_t len);

/* Mappings of it stay as they are. */
void wasmtime_memory_image_free(struct wasmtime_memory_image *image);

/* ---- Traps ---- */

/*
 * Called, on a stack of 64 KiB of its own, when the program faults: an access that its mapping does
 * not allow, or elsewhere; an undefined instruction; a division. `fp` is the frame pointer. It goes
 * on somewhere else (wasmtime_longjmp(), or as wasmtime does), or returns: then the fault is not
 * its own, and goes to the host. A fault within the handler goes to the host, too.
 */
typedef void (*wasmtime_trap_handler_t)(uintptr_t ip, uintptr_t fp, bool has_faulting_addr,
                                        uintptr_t faulting_addr);
int32_t wasmtime_init_traps(wasmtime_trap_handler_t handler);

/*
 * Calls callback(payload, callee), with *jmp_buf set to what wasmtime_longjmp() takes to end it;
 * its value, or false when it was ended so.
 */
bool wasmtime_setjmp(const uint8_t **jmp_buf, bool (*callback)(uint8_t *, uint8_t *),
                     uint8_t *payload, uint8_t *callee);
_Noreturn void wasmtime_longjmp(const uint8_t *jmp_buf);

/* ---- A thread's storage ---- */

/* Slots 0 and 1, NULL at first. wasmtime before it had slots: link tls_single.o, which leaves the
 * first parameter out. */
uint8_t *wasmtime_tls_get(uintptr_t slot);
void wasmtime_tls_set(uintptr_t slot, uint8_t *ptr);

/* ---- Locks: a word that is 0 at first. They spin. ---- */

void wasmtime_sync_lock_acquire(uintptr_t *lock);
void wasmtime_sync_lock_release(uintptr_t *lock);
void wasmtime_sync_lock_free(uintptr_t *lock);
void wasmtime_sync_rwlock_read(uintptr_t *lock);
void wasmtime_sync_rwlock_read_release(uintptr_t *lock);
void wasmtime_sync_rwlock_write(uintptr_t *lock);
void wasmtime_sync_rwlock_write_release(uintptr_t *lock);
void wasmtime_sync_rwlock_free(uintptr_t *lock);

#ifdef __cplusplus
}
#endif

#endif
