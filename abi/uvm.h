/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a micro-VM's guest image tells its host, and what the guest finds at entry.
 *
 * The host builds everything that is slow to build inside (notes: supervisor mode may be emulated):
 * page tables, GDT, TSS, IDT, gate page. Memory is mapped where it lies (gva = gpa). The lowest
 * 2 MiB have the fixed layout below; the image follows at UVM_IMAGE_GVA or where it is linked,
 * then heap, a hole, and the user stack at the top.
 *
 * x86_64 at first entry: long mode, CPL 0, rip = the note's entry, rsp = UVM_STACK0_TOP, rdi =
 * UVM_INFO_GVA, IF = 0, GDT, TSS and IDT loaded; FP state is the architecture's initial one, CR4
 * and XCR0 allow all vector state that the machine has.
 *
 * aarch64 at first entry: EL1h, interrupts masked, pc = the note's entry, sp = UVM_STACK0_TOP, x0 =
 * UVM_INFO_GVA, VBAR_EL1 = the note's vectors, MMU and caches on: TTBR0_EL1's tables by the host,
 * SCTLR_EL1, TCR_EL1 and MAIR_EL1 as below, CPACR_EL1 lets EL0 and EL1 use floating point,
 * CNTKCTL_EL1 lets EL0 read the counters; all other registers are 0.
 *
 * Several vCPUs: vCPU 0 enters as above. User code starts another by a request of abi/call.h: it
 * begins in user mode, with an empty stack. The lowest 2 MiB are each vCPU's own, with the same
 * layout and addresses; everything above is shared.
 *
 * The same aarch64 image can be a bare zone's: its entry is then entered as abi/boot.h says, with
 * the MMU off. RAM must begin at 0. EL1 plays the host there, and sets UVM_FLAG_ZONE.
 */
#ifndef ABI_UVM_H
#define ABI_UVM_H

#include <stdint.h>

/* ---- The image: an ELF note, name "Vitrine", type UVM_NOTE_TYPE ---- */

#define UVM_NOTE_NAME    "Vitrine"
#define UVM_NOTE_TYPE    UINT32_C(1)
#define UVM_NOTE_VERSION UINT32_C(1)

/* A segment with this bit in p_flags is the runtime's: supervisor only. */
#define UVM_PF_SUPERVISOR UINT32_C(0x00100000)

/* Places are relative to the field that names them, so that a PIE's note needs no relocation. */
struct uvm_note {
    uint32_t version;
    uint32_t size;          /* of this structure */
    int64_t entry;          /* first instruction, supervisor */
    int64_t vectors;        /* code of vector v at vectors + v * vector_stride */
    uint32_t vector_stride; /* bytes; aarch64: 128, and vectors is a multiple of 2048 */
    uint32_t vector_count;  /* x86_64: 256; aarch64: 16 */
    int64_t exports;        /* struct call_export[export_count] */
    int64_t exports_end;
    int64_t imports; /* struct call_import[] */
    int64_t imports_end;
};

/* ---- Fixed addresses ---- */

#define UVM_GATE_GVA   UINT64_C(0x1000) /* user RX; x86_64: "int3; ret" */
#define UVM_INFO_GVA   UINT64_C(0x2000) /* struct uvm_info, user R */
#define UVM_FAULT_GVA  UINT64_C(0x4000) /* struct fault_area, supervisor RW */
#define UVM_FAULT_SIZE UINT64_C(0x4000)
#define UVM_CPU_GVA    UINT64_C(0x8000) /* x86_64: GDT, TSS, IDT; supervisor RW */
#define UVM_CPU_SIZE   UINT64_C(0x4000)

/*
 * aarch64: two device pages (nGnRE, no execute) that lead to guest-physical pages of the host's
 * choice where no memory is, so that stores to them exit. All else is mapped gva = gpa.
 */
#define UVM_EXIT_USER_GVA UINT64_C(0x3000) /* user RW: UVM_PORT_IRQ's place; all else is the gate */
#define UVM_EXIT_GVA      UINT64_C(0xc000) /* supervisor RW: port n by a store at n * 8 */

/*
 * Most of the GDT's page is the runtime's: every exception has that page at hand. Zeros at entry; a
 * vCPU that is started gets what vCPU 0 has in the second part then.
 */
#define UVM_WORDS_GVA    UINT64_C(0x8400) /* of each vCPU its own */
#define UVM_WORDS_SIZE   UINT64_C(0x400)
/*
 * x86_64: the last byte of a vCPU's own words is the host's. While it is not 0 the vectors of #BP
 * and #DB exit by UVM_PORT_BREAK and UVM_PORT_STEP, with the processor's frame on top of the stack
 * and all registers as they were, and iretq behind. The host may change frame and registers; when
 * the exception is not for it it lets the vector go on behind that iretq, with the usual way.
 */
#define UVM_DEBUG_GVA    UINT64_C(0x87ff)
#define UVM_RUNTIME_GVA  UINT64_C(0x8800)
#define UVM_RUNTIME_SIZE UINT64_C(0x800)

/* Stacks of the supervisor, an unmapped page below each. */
#define UVM_STACK_DF_TOP UINT64_C(0x12000) /* IST1: double fault, 4 KiB; aarch64: of the same use */
#define UVM_STACK_NM_TOP UINT64_C(0x14000) /* IST2: NMI, 4 KiB */
#define UVM_STACK_MC_TOP UINT64_C(0x16000) /* IST3: machine check, 4 KiB */
#define UVM_STACK0_TOP   UINT64_C(0x20000) /* RSP0, SP_EL1: all else, 32 KiB */
#define UVM_STACK0_SIZE  UINT64_C(0x8000)

#define UVM_CALL_GVA      UINT64_C(0x100000) /* struct call_area, user RW */
#define UVM_CALL_SIZE_MIN UINT64_C(0x4000)
#define UVM_CALL_SIZE_MAX UINT64_C(0xf0000)
#define UVM_IMAGE_GVA     UINT64_C(0x200000) /* lowest address of an image; a PIE goes here */

/*
 * What vCPU n > 0 has to itself lies at UVM_VCPU_GVA + n * UVM_VCPU_STRIDE; of that only the user
 * stack can be reached under these addresses, by all vCPUs.
 */
#define UVM_VCPU_GVA    UINT64_C(0x3000000000)
#define UVM_VCPU_STRIDE UINT64_C(0x10000000)
#define UVM_VCPUS_MAX   16u
#define UVM_VCPU_END    (UVM_VCPU_GVA + UVM_VCPUS_MAX * UVM_VCPU_STRIDE)

/*
 * Addresses that the host never maps: the guest's supervisor may, by entries of its own in the
 * table that the root's first entry names (x86_64: CR3, level 4). A restore undoes them, as it does
 * all that was written.
 */
#define UVM_OWN_GVA UINT64_C(0x4000000000)
#define UVM_OWN_END UINT64_C(0x8000000000)

/* Selectors of the GDT that the host builds. */
enum uvm_selector {
    UVM_SEL_KERNEL_CS = 0x08,
    UVM_SEL_KERNEL_DS = 0x10,
    UVM_SEL_USER_DS = 0x1b,
    UVM_SEL_USER_CS = 0x23,
    UVM_SEL_TSS = 0x28,
};

/*
 * aarch64: translation by TTBR0_EL1 alone, 39 bits, 4 KiB pages, so that the first table has an
 * entry a GiB. In page-table entries attribute 0 is write-back memory (inner shareable), attribute
 * 3 a device.
 */
#define UVM_A64_MAIR    UINT64_C(0x040044ff)
#define UVM_A64_TCR     UINT64_C(0x00803519) /* and IPS, bits 34:32, as the machine has it */
#define UVM_A64_SCTLR   UINT64_C(0x30d4d81d) /* M C SA SA0 I DZE UCT nTWE and all that is RES1 */
#define UVM_A64_CPACR   UINT64_C(0x00300000)
#define UVM_A64_CNTKCTL UINT64_C(3)
#define UVM_A64_PSTATE  UINT64_C(0x3c5) /* EL1h, all masked */
#define UVM_A64_EL0     UINT64_C(0x40)  /* PSTATE of EL0, all but IRQ masked */

/* ---- Exits ---- */

/*
 * x86_64: supervisor exits are `out imm8, al`; al says nothing. User code exits through the gate
 * page: its int3 raises #BP with rip = UVM_GATE_GVA + 1, on which the vector does `out
 * UVM_PORT_GATE` and iretq. No register changes, so a compiler sees an ordinary call. (A ud2 there
 * works as well, but KVM intercepts #UD on most machines, and going on behind it costs an
 * instruction of ring 0.)
 *
 * aarch64: exits are 64-bit stores of zero to the two pages above (KVM forwards no calls). The gate
 * page stores to UVM_EXIT_USER_GVA and returns; x16 and x17 may change:
 *     adr x16, UVM_EXIT_USER_GVA
 *     str xzr, [x16, #8 * UVM_PORT_GATE]
 *     ret
 */
enum uvm_port {
    UVM_PORT_GATE = 0xe0,  /* call_area.request says what */
    UVM_PORT_FAULT = 0xe1, /* fault_area is filled; the answer is in it afterwards */
    UVM_PORT_XSAVE = 0xe2, /* x86_64: FP state to uvm_info.xsave_gva; PORT_XRSTOR back from there */
    UVM_PORT_XRSTOR = 0xe3,
    UVM_PORT_IRQ = 0xe4,   /* a request of abi/irq.h */
    UVM_PORT_BREAK = 0xe6, /* x86_64: #BP and #DB, when the byte at UVM_DEBUG_GVA asks for it */
    UVM_PORT_STEP = 0xe7,
    UVM_PORT_TAKE = 0xe5, /* aarch64: the supervisor can let user code take a line (abi/irq.h) */
};

/* ---- What the guest finds ---- */

#define UVM_INFO_MAGIC   UINT64_C(0x314d565552545656)
#define UVM_INFO_VERSION UINT32_C(1)

enum uvm_flag {
    UVM_FLAG_XSAVE = 1,    /* supervisor mode can execute XSAVE and XRSTOR; else by the ports */
    UVM_FLAG_FSGSBASE = 2, /* CR4.FSGSBASE is set */
    UVM_FLAG_ZONE = 0x100, /* no host: the runtime's own supervisor answers exits */
};

struct uvm_info {
    uint64_t magic;
    uint32_t version;
    uint32_t size;
    uint32_t flags;
    uint32_t vcpu_count;
    uint64_t ram_size;
    uint64_t image_gva, image_size; /* the loaded image, rounded to pages */
    uint64_t heap_gva, heap_size;   /* user RW */
    uint64_t call_size;
    /*
     * User stack: [stack_limit, stack_top) may be touched, below it lies an unmapped guard of
     * stack_guard bytes. Page-table entries of the stack's pages stand in one array at stack_pte
     * (supervisor RW), that of stack_limit first; each has its page's address and permissions, and
     * bit 0 (present, valid) clear until the page is first touched.
     */
    uint64_t stack_top, stack_limit, stack_guard;
    uint64_t stack_pte;
    uint64_t xsave_gva, xsave_size, xsave_mask; /* supervisor RW buffer, 64-byte aligned */
    uint64_t seed[2]; /* random: others for each micro-VM, and after each restore */
    uint32_t vcpu_id; /* of the vCPU that reads this */
    uint32_t reserved;
    /*
     * Time is a counter plus tick_offset, at tick_rate a second; wall_ns were since 1970 when it
     * was wall_tick, 0: nobody knows. tick_rate 0: ask (IRQ_REQUEST_CLOCK). The counter is the TSC;
     * of aarch64 CNTPCT_EL0, in a zone CNTVCT_EL0.
     */
    uint64_t tick_rate, tick_offset;
    uint64_t wall_ns, wall_tick;
};

#endif
