/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver of an SMMUv3 (Arm IHI 0070): its formats, and what boot.c calls. Everything that no zone
 * was given is blocked; what a zone was given goes through the zone's own stage 2 tables.
 */
#ifndef HYP_ARCH_AARCH64_SMMU_H
#define HYP_ARCH_AARCH64_SMMU_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"
#include "lib/field.h"

/* Registers (IHI 0070, 6.3) */
enum {
    SMMU_IDR0 = 0x0,
    SMMU_IDR1 = 0x4,
    SMMU_IDR5 = 0x14,
    SMMU_CR0 = 0x20,
    SMMU_CR0ACK = 0x24,
    SMMU_CR1 = 0x28,
    SMMU_CR2 = 0x2c,
    SMMU_GBPA = 0x44,
    SMMU_IRQ_CTRL = 0x50,
    SMMU_IRQ_CTRLACK = 0x54,
    SMMU_GERROR = 0x60,
    SMMU_GERRORN = 0x64,
    SMMU_STRTAB_BASE = 0x80,
    SMMU_STRTAB_BASE_CFG = 0x88,
    SMMU_CMDQ_BASE = 0x90,
    SMMU_CMDQ_PROD = 0x98,
    SMMU_CMDQ_CONS = 0x9c,
    SMMU_EVENTQ_BASE = 0xa0,
    SMMU_EVENTQ_PROD = 0x100a8, /* page 1 */
    SMMU_EVENTQ_CONS = 0x100ac,
};

FIELD(IDR0_S2P, 0, 1);
FIELD(IDR0_TTF_AARCH64, 3, 1);
FIELD(IDR0_COHACC, 4, 1);
FIELD(IDR1_SIDSIZE, 0, 6);
FIELD(IDR1_EVENTQS, 16, 5);
FIELD(IDR1_CMDQS, 21, 5);
FIELD(IDR1_PRESET, 29, 2); /* queues or tables at fixed addresses */
FIELD(IDR5_OAS, 0, 3);
FIELD(IDR5_GRAN4K, 4, 1);
FIELD(CR0_SMMUEN, 0, 1);
FIELD(CR0_EVENTQEN, 2, 1);
FIELD(CR0_CMDQEN, 3, 1);
FIELD(CR0_ATSCHK, 4, 1);
FIELD(CR1_QUEUE, 0, 6);     /* shareability and cacheability of queues */
FIELD(CR1_TABLE, 6, 6);     /* of tables */
FIELD(CR2_RECINVSID, 1, 1); /* report streams beyond the table */
FIELD(CR2_PTM, 2, 1);       /* CPUs' TLB maintenance is not taken part in */
FIELD(GBPA_ABORT, 20, 1);
FIELD(GBPA_UPDATE, 31, 1);
FIELD(IRQ_CTRL_EVENTQ, 2, 1);
FIELD(BASE_LOG2, 0, 5);
FIELD(BASE_ALLOCATE, 62, 1);

/* Stream table entry (IHI 0070, 5.2): eight 64-bit words */
#define STE_WORDS 8u
FIELD(STE_V, 0, 1);
FIELD(STE_CONFIG, 1, 3);
FIELD(STE_SHCFG, 44, 2);    /* word 1 */
FIELD(STE_S2VMID, 0, 16);   /* word 2 */
FIELD(STE_S2SHAPE, 32, 16); /* laid out like VTCR_EL2[15:0] */
FIELD(STE_S2PS, 48, 3);
FIELD(STE_S2AA64, 51, 1);
FIELD(STE_S2PTW, 54, 1); /* table walks through Device memory fault */
FIELD(STE_S2R, 58, 1);   /* report faults; S2S = 0: never stall */
enum { STE_CONFIG_ABORT = 0, STE_CONFIG_STAGE2 = 6, STE_SHCFG_INCOMING = 1 };

/* Commands (IHI 0070, 4): two 64-bit words */
FIELD(CMD_OP, 0, 8);
FIELD(CMD_SID, 32, 32);
FIELD(CMD_VMID, 32, 16);
FIELD(CMD_LEAF, 0, 1);  /* word 1 of CFGI_STE */
FIELD(CMD_RANGE, 0, 5); /* word 1 of CFGI_STE_RANGE */
enum {
    CMD_CFGI_STE = 0x03,
    CMD_CFGI_ALL = 0x04,
    CMD_TLBI_EL2_ALL = 0x20,
    CMD_TLBI_S12_VMALL = 0x28,
    CMD_TLBI_NSNH_ALL = 0x30,
    CMD_SYNC = 0x46,
};

/* Event record (IHI 0070, 7.3): four 64-bit words */
#define EVENT_WORDS 4u
FIELD(EVENT_TYPE, 0, 8);
FIELD(EVENT_SID, 32, 32);
FIELD(EVENT_PAGE, 12, 52); /* word 2 */
FIELD(EVENT_READ, 35, 1);  /* word 1, RnW */

/* Queues: an index of `log2` bits with a wrap bit above (IHI 0070, 3.5.1). */
#define SMMU_CMDQ_LOG2   6u
#define SMMU_EVENTQ_LOG2 7u
FIELD(EVENTQ_OVERFLOW, 31, 1);

/* Faults of a zone's devices since its start, before they are cut off. */
#define SMMU_FAULTS_MAX 1024u

/* The next value of a producer or consumer index; the entry that it stands for. */
uint32_t smmu_queue_next(uint32_t index, unsigned log2);
uint32_t smmu_queue_slot(uint32_t index, unsigned log2);

/* Pure: an entry by which a stream sees what the zone sees; by which it sees nothing. */
void smmu_ste_stage2(uint64_t ste[STE_WORDS], uint64_t vttbr, uint64_t vtcr, uint64_t oas);
void smmu_ste_abort(uint64_t ste[STE_WORDS]);

/*
 * Takes the SMMU into service with every stream blocked; memory from the boot pool. Returns NULL,
 * or why the machine's SMMU cannot be used. Boot CPU, once.
 */
const char *smmu_init(uintptr_t base);

#endif
