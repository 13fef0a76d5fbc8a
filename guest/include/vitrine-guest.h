/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvitrine-guest: the runtime of bare guests. A program supplies guest_main() and links the
 * library; the runtime has set up stack, memory map with caches, vectors, interrupt controller and
 * console before guest_main() runs. The same program runs as a zone of the separation kernel and,
 * without it, on QEMU's `virt` machine (-M virt,gic-version=3 or 2, -kernel program.elf).
 *
 * Unless a function says otherwise: it may be called on any vCPU, from guest_main() and from
 * handlers, it does not block, and it cannot fail. "Ticks" are those of vg_now().
 * Callers may not rely on the value of errors beyond their sign, on the address of anything
 * inside the library, or on floating point (it is not used and not saved).
 */
#ifndef VITRINE_GUEST_H
#define VITRINE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/boot.h"
#include "vitrine-irq.h"  /* time, timers, interrupts */
#include "vitrine-vcpu.h" /* vCPUs, lock, barrier */

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The program ---- */

/* Supplied by the program; runs on vCPU 0, interrupts unmasked. Returning powers the zone off. */
void guest_main(void);

/* What the zone was given; valid and constant for the program's life. */
const struct boot_info *vg_boot(void);

/* Powers the zone off, or starts it again from its pristine image. Never return. */
_Noreturn void vg_power_off(void);
_Noreturn void vg_reset(void);

/* ---- Console: polled output, buffered input ---- */

/*
 * Output waits while the UART is busy, with interrupts as they were. Calls of several vCPUs are not
 * torn within one vg_puts(). Not to be called from interrupt handlers (it takes a lock that
 * guest_main() may hold); a fault handler may call it.
 */
void vg_putc(char c);
void vg_puts(const char *text);
void vg_put_dec(uint64_t value);
void vg_put_hex(uint64_t value);

/* Text, then the value in decimal or hexadecimal: most lines are made of these. */
void vg_put_named(const char *text, uint64_t value);
void vg_put_named_hex(const char *text, uint64_t value);

/* A byte typed at the console, or -1 when there is none. vCPU 0 only. */
int vg_getc(void);

/* Waits for a byte, asleep between interrupts. vCPU 0 only. */
int vg_getc_wait(void);

/* ---- Faults ---- */

/* Registers at an exception; what a handler writes here is restored when it returns. */
struct vg_frame {
    uint64_t x[31];
    uint64_t sp, pc, pstate;
    uint64_t syndrome; /* aarch64: ESR_EL1 */
    uint64_t address;  /* aarch64: FAR_EL1 */
};

/*
 * Called for synchronous exceptions, on the vCPU's exception stack, interrupts masked; true: go on
 * with the frame as it is now, false: print the fault and power off, as without a handler. NULL
 * removes. One per zone, asked after the handlers of vitrine-fault.h. An exception inside a handler
 * is fatal.
 */
void vg_fault_handler(bool (*fn)(struct vg_frame *frame, void *arg), void *arg);

/* ---- Calls and devices ---- */

/* Arguments x0..x7, and results in x0..x3, of a call to the hypervisor or firmware. */
struct vg_call {
    uint64_t x[8];
};

/* Calls by the zone's conduit (boot_info.conduit), or by the named instruction. */
void vg_call(struct vg_call *call);
void vg_call_hvc(struct vg_call *call);
void vg_call_smc(struct vg_call *call);

/* Device registers: one access of exactly that width. */
uint8_t vg_mmio_rd8(uint64_t at);
uint16_t vg_mmio_rd16(uint64_t at);
uint32_t vg_mmio_rd32(uint64_t at);
uint64_t vg_mmio_rd64(uint64_t at);
void vg_mmio_wr8(uint64_t at, uint8_t value);
void vg_mmio_wr16(uint64_t at, uint16_t value);
void vg_mmio_wr32(uint64_t at, uint32_t value);
void vg_mmio_wr64(uint64_t at, uint64_t value);

#ifdef __cplusplus
}
#endif

#endif
