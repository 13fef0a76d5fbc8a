/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of this example say to each other. Pure. */
#ifndef EXAMPLES_CHANNEL_MESSAGE_H
#define EXAMPLES_CHANNEL_MESSAGE_H

#include <stdint.h>

#define MESSAGE_CHANNEL "data"
#define MESSAGE_WORDS   256u /* of the longest */

/* First word of a message: what its receiver does with it. */
enum message_kind {
    MESSAGE_ECHO = 1,   /* second word: sum of the rest; sent back as it is */
    MESSAGE_COUNT = 2,  /* counted; no answer */
    MESSAGE_REPORT = 3, /* answered by { MESSAGE_REPORT, messages, words, sum } since the last */
};

/* A sum that notices lost, doubled and swapped words. */
static inline uint32_t message_sum(uint32_t sum, const uint32_t *data, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sum = (sum ^ data[i]) * 0x01000193u;
    }
    return sum;
}

/* The n-th word of a stream that both ends can make. */
static inline uint32_t message_word(uint32_t n)
{
    return n * 0x9e3779b1u + 0x7f4a7c15u;
}

#endif
