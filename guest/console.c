/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Console of a bare guest: PL011 (Arm DDI 0183), output polled, input by interrupt into a ring.
 * Without a UART (uart_gpa 0) output is dropped and input is empty.
 */
#include "guest/internal.h"
#include "lib/field.h"

#define UART_DR   0x000u
#define UART_FR   0x018u
#define UART_LCRH 0x02cu
#define UART_CR   0x030u
#define UART_IMSC 0x038u
#define UART_ICR  0x044u

FIELD(FR_RX_EMPTY, 4, 1);
FIELD(FR_TX_FULL, 5, 1);
FIELD(LCRH_FIFO, 4, 1);
FIELD(LCRH_BITS, 5, 2); /* 3: eight bits */
FIELD(CR_ENABLE, 0, 1);
FIELD(CR_TX, 8, 1);
FIELD(CR_RX, 9, 1);
FIELD(INT_RX, 4, 1);
FIELD(INT_RX_TIMEOUT, 6, 1);
FIELD(BYTE, 0, 8);

#define RING_SIZE 256u /* power of two */

/* Free-running; head is written by the interrupt handler, tail by vg_getc(), both on vCPU 0. */
static struct {
    uint32_t head, tail;
    uint8_t bytes[RING_SIZE];
} ring;

static struct vg_lock output;

static uint64_t uart(void)
{
    return vg_boot()->uart_gpa;
}

static void receive(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    while (get(FR_RX_EMPTY, vg_mmio_rd32(uart() + UART_FR)) == 0) {
        uint8_t byte = (uint8_t)get(BYTE, vg_mmio_rd32(uart() + UART_DR));
        uint32_t head = ring.head;

        if (head - __atomic_load_n(&ring.tail, __ATOMIC_RELAXED) < RING_SIZE) {
            ring.bytes[head % RING_SIZE] = byte;
            __atomic_store_n(&ring.head, head + 1, __ATOMIC_RELEASE);
        }
    }
    vg_mmio_wr32(uart() + UART_ICR, (uint32_t)(put(INT_RX, 1) | put(INT_RX_TIMEOUT, 1)));
}

/* Before interrupts are unmasked; the interrupt itself is enabled at the first wish for input. */
void console_init(void)
{
    if (uart() == 0) {
        return;
    }
    vg_mmio_wr32(uart() + UART_IMSC, 0);
    vg_mmio_wr32(uart() + UART_LCRH, (uint32_t)(put(LCRH_FIFO, 1) | put(LCRH_BITS, 3)));
    vg_mmio_wr32(uart() + UART_CR, (uint32_t)(put(CR_ENABLE, 1) | put(CR_TX, 1) | put(CR_RX, 1)));
}

static void input_start(void)
{
    static bool started;

    if (started || uart() == 0) {
        return;
    }
    started = true;
    vg_irq_handler(vg_boot()->uart_intid, receive, NULL);
    vg_irq_enable(vg_boot()->uart_intid);
    vg_mmio_wr32(uart() + UART_IMSC, (uint32_t)(put(INT_RX, 1) | put(INT_RX_TIMEOUT, 1)));
}

int vg_getc(void)
{
    uint32_t tail = ring.tail;
    int byte;

    input_start();
    if (__atomic_load_n(&ring.head, __ATOMIC_ACQUIRE) == tail) {
        return -1;
    }
    byte = ring.bytes[tail % RING_SIZE];
    __atomic_store_n(&ring.tail, tail + 1, __ATOMIC_RELEASE);
    return byte;
}

int vg_getc_wait(void)
{
    for (;;) {
        /* Masked, an interrupt that comes between look and sleep still ends the sleep. */
        bool unmasked = vg_irq_mask();
        int byte = vg_getc();

        if (byte < 0) {
            vg_wait();
        }
        vg_irq_restore(unmasked);
        if (byte >= 0) {
            return byte;
        }
    }
}

static void put_byte(char c)
{
    if (uart() == 0) {
        return;
    }
    while (get(FR_TX_FULL, vg_mmio_rd32(uart() + UART_FR)) != 0) {
    }
    vg_mmio_wr32(uart() + UART_DR, (uint8_t)c);
}

void console_puts_unlocked(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            put_byte('\r');
        }
        put_byte(*text);
    }
}

void console_break_lock(void)
{
    vg_unlock(&output);
}

void vg_puts(const char *text)
{
    vg_lock(&output);
    console_puts_unlocked(text);
    vg_unlock(&output);
}

void vg_putc(char c)
{
    char text[2] = { c, '\0' };

    vg_puts(text);
}
