/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framing of the remote protocol (GDB's manual, appendix E.1): packets out of bytes and back, with
 * checksums, escapes and run lengths. Any bytes may come; what is no packet is skipped.
 */
#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes between '$' and '#', of either direction: GDB then reads 64 KiB of memory at a time. */
#define PACKET_SIZE     0x20000u
/* Of output: a reply with its frame, and what may come along with it. */
#define PACKET_OUT_SIZE (PACKET_SIZE + 0x2000u)

enum packet_kind {
    PACKET_NONE,  /* more bytes are needed */
    PACKET_DATA,  /* data[0..len) is a packet, whose checksum is right */
    PACKET_WRONG, /* its checksum is wrong, or it is too long */
    PACKET_ACK,
    PACKET_NAK,
    PACKET_BREAK, /* Ctrl-C */
};

enum packet_state { PACKET_OUTSIDE, PACKET_INSIDE, PACKET_ESCAPED, PACKET_SUM_1, PACKET_SUM_2 };

struct packet_in {
    enum packet_state state;
    uint8_t sum;
    int digit; /* first of the checksum, -1: no digit */
    bool too_long;
    size_t len;
    uint8_t data[PACKET_SIZE];
};

void packet_reset(struct packet_in *in);

/* Takes bytes up to the end of something; *used is how many. */
enum packet_kind packet_take(struct packet_in *in, const uint8_t *bytes, size_t len, size_t *used);

struct packet_out {
    size_t start, len; /* what waits to be sent: data[start..len) */
    size_t last;       /* where the last packet begins, or len: it is gone */
    uint8_t data[PACKET_OUT_SIZE];
};

/* What a packet carries: escaped already where it is binary. */
struct packet_payload {
    char start; /* '$', or '%' of a notification */
    const uint8_t *data;
    size_t len;
};

/* False: there is no room, and nothing was added. Room is known: see packet_room(). */
bool packet_put(struct packet_out *out, const struct packet_payload *payload);
bool packet_put_byte(struct packet_out *out, char c);
/* Whether a packet with so much payload would fit. */
bool packet_room(const struct packet_out *out, size_t len);

/* The last packet is to be sent again, if it is still there. */
void packet_again(struct packet_out *out);

#endif
