/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A minimal user of KVM to compare libvitrine with: one page of guest code, tables built by the
 * host, one exit a request. It checks results of system calls and nothing else.
 */
#include "bench/uvm/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/field.h"

/* The guest's pages; what lies where is as in abi/uvm.h where it matters: one gate page. */
enum {
    PAGE = 0x1000,
    GATE = 0x1000, /* user RX: ud2; ret */
    CPU = 0x2000,  /* GDT, TSS */
    IDT = 0x3000,
    STUB = 0x4000,   /* supervisor RX */
    STACK0 = 0x6000, /* top; supervisor RW */
    CODE = 0x7000,   /* user RX */
    HANDLER = 0x7800,
    SHARED = 0x8000, /* user RW */
    STACK = 0xa000,  /* top; user RW */
    PML4 = 0x10000,
    PDPT = 0x11000,
    PD = 0x12000,
    PT = 0x13000,
    TSS = CPU + 0x100,
    PORT = 0xe0,
    CPUID_MAX = 256,
};

enum { SEL_CS0 = 0x08, SEL_DS0 = 0x10, SEL_DS3 = 0x1b, SEL_CS3 = 0x23, SEL_TSS = 0x28 };
enum {
    VECTOR_BP = 3,
    VECTOR_UD = 6,
    VECTOR_IRQ = 32,
    CR0_VALUE = 0x80010033,
    CR4_VALUE = 0x620,
    EFER_VALUE = 0xd00
};
enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_NX = 63 };

FIELD(GATE_LOW, 0, 16);
FIELD(TSS_BASE, 16, 24);

enum floor_op { OP_ADD, OP_HOST, OP_UD2, OP_INT3 };
enum floor_request { REQUEST_DONE = 1, REQUEST_HOST, REQUEST_SEEN };

/* What host and guest share; the guest's assembly knows the offsets. */
struct shared {
    uint64_t op, value, request, started;
};

struct floor_vm {
    int kvm, vm, vcpu, other;
    pthread_t thread;
    uint8_t *ram;
    struct kvm_run *run;
    struct shared *shared;
};

/* Guest code, copied from here to where it runs; it names no address but the fixed ones. */
__asm__(".pushsection .rodata\n"
        "floor_gate: int3\n"
        "        ret\n"
        "floor_stub: cmpq $0x1001, (%rsp)\n" /* GATE, behind its int3 */
        "        jne 1f\n"
        "        out %al, $0xe0\n" /* PORT */
        "1:      iretq\n"
        "floor_skip: addq $2, (%rsp)\n" /* #UD */
        "        iretq\n"
        "floor_irq: movq $0x7800, (%rsp)\n" /* HANDLER */
        "        iretq\n"
        "floor_entry: iretq\n" /* the frame is there */
        "floor_loop: out %al, $0xe0\n"
        "        jmp floor_loop\n"
        "floor_stub_end:\n"
        "floor_code: mov $0x8000, %ebx\n" /* SHARED */
        "        mov $0x1000, %ebp\n"
        "1:      cmpl $1, (%rbx)\n"
        "        je 3f\n"
        "        ja 4f\n"
        "2:      incq 8(%rbx)\n"
        "        movl $1, 16(%rbx)\n"
        "        call *%rbp\n"
        "        jmp 1b\n"
        "3:      movl $2, 16(%rbx)\n"
        "        call *%rbp\n"
        "        jmp 2b\n"
        "4:      mov 8(%rbx), %rcx\n"
        "        rdtsc\n"
        "        mov %eax, %esi\n"
        "        mov %edx, %edi\n"
        "        cmpl $2, (%rbx)\n" /* OP_UD2 */
        "        jne 6f\n"
        "5:      ud2\n"
        "        dec %rcx\n"
        "        jnz 5b\n"
        "        jmp 7f\n"
        "6:      int3\n"
        "        dec %rcx\n"
        "        jnz 6b\n"
        "7:      rdtsc\n"
        "        shl $32, %rdx\n"
        "        or %rdx, %rax\n"
        "        shl $32, %rdi\n"
        "        or %rdi, %rsi\n"
        "        sub %rsi, %rax\n"
        "        dec %rax\n"
        "        mov %rax, 8(%rbx)\n"
        "        jmp 2b\n"
        "floor_other: mov $0x8000, %ebx\n" /* SHARED */
        "        movl $1, 24(%rbx)\n"
        "        mov $0x1000, %ebp\n"
        "        call *%rbp\n"
        "floor_code_end:\n"
        "floor_handler: mov $0xa000, %esp\n" /* STACK: nobody goes back */
        "        mov $0x8000, %ebx\n"
        "        mov $0x1000, %ebp\n"
        "        movl $3, 16(%rbx)\n"
        "        call *%rbp\n"
        "        mov $0x7000, %eax\n" /* CODE */
        "        jmp *%rax\n"
        "floor_handler_end:\n"
        ".popsection\n");

extern const uint8_t floor_gate[], floor_stub[], floor_skip[], floor_entry[], floor_loop[],
    floor_stub_end[];
extern const uint8_t floor_code[], floor_other[], floor_code_end[], floor_irq[];
extern const uint8_t floor_handler[], floor_handler_end[];

static struct {
    int memory; /* memfd of what a VM's RAM starts as */
    size_t size;
    /* struct kvm_cpuid2 with its entries */
    uint64_t cpuid[(sizeof(struct kvm_cpuid2) + CPUID_MAX * sizeof(struct kvm_cpuid_entry2)) / 8];
} image = { .memory = -1 };

static void table_fill(uint64_t *ram)
{
    static const struct {
        uint32_t at, flags;
    } page[] = {
        { GATE, PTE_P | PTE_U },
        { CPU, PTE_P | PTE_W },
        { IDT, PTE_P | PTE_W },
        { STUB, PTE_P },
        { STACK0 - PAGE, PTE_P | PTE_W },
        { CODE, PTE_P | PTE_U },
        { SHARED, PTE_P | PTE_W | PTE_U },
        { STACK - PAGE, PTE_P | PTE_W | PTE_U },
    };

    ram[PML4 / 8] = PDPT | PTE_P | PTE_W | PTE_U;
    ram[PDPT / 8] = PD | PTE_P | PTE_W | PTE_U;
    ram[PD / 8] = PT | PTE_P | PTE_W | PTE_U;
    for (size_t i = 0; i < ARRAY_COUNT(page); i++) {
        uint64_t nx = (page[i].flags & PTE_W) != 0 ? BIT64(PTE_NX) : 0;

        ram[PT / 8 + page[i].at / PAGE] = page[i].at | page[i].flags | nx;
    }
}

static void cpu_fill(uint8_t *ram)
{
    uint64_t gdt[] = { 0,
                       0x00af9b000000ffff,
                       0x00cf93000000ffff,
                       0x00cff3000000ffff,
                       0x00affb000000ffff,
                       0x0000890000000067 | put(TSS_BASE, TSS),
                       0 };
    uint64_t rsp0 = STACK0;
    /* A breakpoint is for ring 3 to raise. */
    uint64_t bp = put(GATE_LOW, STUB) | (uint64_t)SEL_CS0 << 16 | UINT64_C(0xee) << 40;
    uint64_t ud = put(GATE_LOW, STUB + (uint64_t)(floor_skip - floor_stub)) |
                  (uint64_t)SEL_CS0 << 16 | UINT64_C(0x8e) << 40;
    uint64_t irq = put(GATE_LOW, STUB + (uint64_t)(floor_irq - floor_stub)) |
                   (uint64_t)SEL_CS0 << 16 | UINT64_C(0x8e) << 40;
    uint64_t frame[] = { CODE, SEL_CS3, 0x202, STACK, SEL_DS3 };

    memcpy(ram + CPU, gdt, sizeof(gdt));
    memcpy(ram + TSS + 4, &rsp0, sizeof(rsp0));
    memcpy(ram + IDT + VECTOR_BP * 16, &bp, sizeof(bp));
    memcpy(ram + IDT + VECTOR_UD * 16, &ud, sizeof(ud));
    memcpy(ram + IDT + VECTOR_IRQ * 16, &irq, sizeof(irq));
    memcpy(ram + HANDLER, floor_handler, (size_t)(floor_handler_end - floor_handler));
    memcpy(ram + STACK0 - sizeof(frame), frame, sizeof(frame));
    memcpy(ram + GATE, floor_gate, (size_t)(floor_stub - floor_gate));
    memcpy(ram + STUB, floor_stub, (size_t)(floor_stub_end - floor_stub));
    memcpy(ram + CODE, floor_code, (size_t)(floor_code_end - floor_code));
}

static struct kvm_cpuid2 *cpuid(void)
{
    return (struct kvm_cpuid2 *)(void *)image.cpuid;
}

static int cpuid_read(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int result;

    if (kvm < 0) {
        return -1;
    }
    cpuid()->nent = CPUID_MAX;
    result = ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid());
    close(kvm);
    return result;
}

int floor_load(size_t ram)
{
    uint8_t *to;

    image.size = ram;
    image.memory = memfd_create("floor", MFD_CLOEXEC);
    if (image.memory < 0 || ftruncate(image.memory, (off_t)ram) != 0 || cpuid_read() != 0) {
        return -1;
    }
    to = mmap(NULL, ram, PROT_READ | PROT_WRITE, MAP_SHARED, image.memory, 0);
    if (to == MAP_FAILED) {
        return -1;
    }
    table_fill((uint64_t *)(void *)to);
    cpu_fill(to);
    munmap(to, ram);
    return 0;
}

void floor_unload(void)
{
    close(image.memory);
    image.memory = -1;
}

static void segment(struct kvm_segment *segment, uint16_t selector, uint8_t type)
{
    *segment = (struct kvm_segment){
        .limit = UINT32_MAX, .selector = selector, .type = type, .present = 1, .s = 1, .g = 1
    };
}

static int sregs_set(int vcpu, bool user)
{
    struct kvm_sregs sregs;

    if (ioctl(vcpu, KVM_GET_SREGS, &sregs) != 0) {
        return -1;
    }
    segment(&sregs.cs, user ? SEL_CS3 : SEL_CS0, 11);
    sregs.cs.l = 1;
    segment(&sregs.ss, user ? SEL_DS3 : SEL_DS0, 3);
    sregs.ss.db = 1;
    sregs.cs.dpl = sregs.ss.dpl = user ? 3 : 0;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss;
    sregs.tr = (struct kvm_segment){
        .base = TSS, .limit = 0x67, .selector = SEL_TSS, .type = 11, .present = 1
    };
    sregs.gdt = (struct kvm_dtable){ .base = CPU, .limit = 7 * 8 - 1 };
    sregs.idt = (struct kvm_dtable){ .base = IDT, .limit = PAGE - 1 };
    sregs.cr0 = CR0_VALUE;
    sregs.cr3 = PML4;
    sregs.cr4 = CR4_VALUE;
    sregs.efer = EFER_VALUE;
    return ioctl(vcpu, KVM_SET_SREGS, &sregs);
}

static int regs_set(const struct floor_vm *vm, uint64_t rip)
{
    struct kvm_regs regs = { .rip = rip, .rsp = STACK0 - 5 * 8, .rflags = 2 };

    return ioctl(vm->vcpu, KVM_SET_REGS, &regs);
}

static int memory_set(struct floor_vm *vm)
{
    struct kvm_userspace_memory_region region = { .memory_size = image.size };

    vm->ram = mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                   image.memory, 0);
    if (vm->ram == MAP_FAILED) {
        return -1;
    }
    vm->shared = (struct shared *)(void *)(vm->ram + SHARED);
    region.userspace_addr = (uint64_t)(uintptr_t)vm->ram;
    return ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int vcpu_set(struct floor_vm *vm)
{
    int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

    vm->vcpu = ioctl(vm->vm, KVM_CREATE_VCPU, 0);
    if (vm->vcpu < 0 || size < 0 || ioctl(vm->vcpu, KVM_SET_CPUID2, cpuid()) != 0) {
        return -1;
    }
    vm->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
    if (vm->run == MAP_FAILED) {
        return -1;
    }
    return sregs_set(vm->vcpu, false) != 0
               ? -1
               : regs_set(vm, STUB + (uint64_t)(floor_entry - floor_stub));
}

struct floor_vm *floor_create(void)
{
    struct floor_vm *vm = calloc(1, sizeof(*vm));

    if (vm == NULL) {
        return NULL;
    }
    vm->vm = vm->vcpu = vm->other = -1;
    vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    vm->vm = vm->kvm < 0 ? -1 : ioctl(vm->kvm, KVM_CREATE_VM, 0);
    if (vm->vm < 0 || memory_set(vm) != 0 || vcpu_set(vm) != 0) {
        floor_destroy(vm);
        return NULL;
    }
    return vm;
}

void floor_destroy(struct floor_vm *vm)
{
    int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

    if (vm->run != NULL && vm->run != MAP_FAILED && size > 0) {
        munmap(vm->run, (size_t)size);
    }
    if (vm->other >= 0) {
        pthread_join(vm->thread, NULL);
        close(vm->other);
    }
    if (vm->vcpu >= 0) {
        close(vm->vcpu);
    }
    if (vm->vm >= 0) {
        close(vm->vm);
    }
    if (vm->ram != NULL && vm->ram != MAP_FAILED) {
        munmap(vm->ram, image.size);
    }
    if (vm->kvm >= 0) {
        close(vm->kvm);
    }
    free(vm);
}

/* Runs to the next `out`. */
static int run(struct floor_vm *vm)
{
    int result;

    do {
        result = ioctl(vm->vcpu, KVM_RUN, 0);
    } while (result != 0 && (errno == EINTR || errno == EAGAIN));
    return result == 0 && vm->run->exit_reason == KVM_EXIT_IO && vm->run->io.port == PORT ? 0 : -1;
}

uint64_t floor_call(struct floor_vm *vm, uint64_t arg)
{
    vm->shared->op = OP_ADD;
    vm->shared->value = arg;
    return run(vm) == 0 && vm->shared->request == REQUEST_DONE ? vm->shared->value : UINT64_MAX;
}

uint64_t floor_call_host(struct floor_vm *vm, uint64_t arg)
{
    vm->shared->op = OP_HOST;
    vm->shared->value = arg;
    if (run(vm) != 0 || vm->shared->request != REQUEST_HOST) {
        return UINT64_MAX;
    }
    vm->shared->value++;
    return run(vm) == 0 && vm->shared->request == REQUEST_DONE ? vm->shared->value : UINT64_MAX;
}

int floor_exit(struct floor_vm *vm)
{
    static const struct floor_vm *last;

    if (vm != last) {
        (void)floor_call(vm, 0); /* completes the `out` it stands at */
        last = vm;
        if (regs_set(vm, STUB + (uint64_t)(floor_loop - floor_stub)) != 0) {
            return -1;
        }
    }
    return run(vm);
}

int floor_interrupt(struct floor_vm *vm)
{
    struct kvm_interrupt interrupt = { .irq = VECTOR_IRQ };
    int result;

    vm->run->request_interrupt_window = 1;
    result = ioctl(vm->vcpu, KVM_RUN, 0);
    vm->run->request_interrupt_window = 0;
    if (result != 0 || vm->run->exit_reason != KVM_EXIT_IRQ_WINDOW_OPEN ||
        ioctl(vm->vcpu, KVM_INTERRUPT, &interrupt) != 0 || run(vm) != 0) {
        return -1;
    }
    return vm->shared->request == REQUEST_SEEN ? 0 : -1;
}

uint64_t floor_exception(struct floor_vm *vm, uint64_t count, bool breakpoint)
{
    vm->shared->op = breakpoint ? OP_INT3 : OP_UD2;
    vm->shared->value = count;
    return run(vm) == 0 && vm->shared->request == REQUEST_DONE ? vm->shared->value : UINT64_MAX;
}

/* ---- Another vCPU ---- */

static void *run_other(void *arg)
{
    const struct floor_vm *vm = arg;

    while (ioctl(vm->other, KVM_RUN, 0) != 0 && (errno == EINTR || errno == EAGAIN)) {
    }
    return NULL;
}

int floor_start(struct floor_vm *vm)
{
    volatile uint64_t *started = &vm->shared->started;
    struct kvm_regs regs = { .rip = CODE + (uint64_t)(floor_other - floor_code),
                             .rsp = STACK,
                             .rflags = 2 };

    if (floor_call(vm, 0) != 1) { /* that asks for it */
        return -1;
    }
    vm->other = ioctl(vm->vm, KVM_CREATE_VCPU, 1);
    if (vm->other < 0 || ioctl(vm->other, KVM_SET_CPUID2, cpuid()) != 0 ||
        sregs_set(vm->other, true) != 0 || ioctl(vm->other, KVM_SET_REGS, &regs) != 0 ||
        pthread_create(&vm->thread, NULL, run_other, vm) != 0) {
        return -1;
    }
    while (*started == 0) {
        __builtin_ia32_pause();
    }
    return 0;
}
