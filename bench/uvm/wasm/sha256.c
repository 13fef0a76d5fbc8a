/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is compiled to WebAssembly for the benchmark: SHA-256 (FIPS 180-4). */
#include <stdint.h>

__attribute__((export_name("run"))) uint64_t run(uint32_t count);

enum { BLOCK = 64, ROUNDS = 64, WORDS = 8, GIVEN = 16, SIZE = 0x10000 };

/* 4.2.2 and 5.3.3: of the first primes, the fractions of cube and square roots. */
static const uint32_t round_constant[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};
static const uint32_t start[WORDS] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static uint8_t text[SIZE];

static uint32_t turn(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

static void expand(uint32_t w[ROUNDS], const uint8_t *block)
{
    for (unsigned i = 0; i < GIVEN; i++, block += sizeof(uint32_t)) {
        w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];
    }
    for (unsigned i = GIVEN; i < ROUNDS; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) +
               (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
    }
}

static void digest(uint32_t hash[WORDS], const uint8_t *block)
{
    uint32_t w[ROUNDS], v[WORDS];

    expand(w, block);
    for (unsigned i = 0; i < WORDS; i++) {
        v[i] = hash[i];
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t e = v[4], a = v[0];
        uint32_t one = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
                       ((e & v[5]) ^ (~e & v[6])) + round_constant[i] + w[i];
        uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
                       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

        for (unsigned k = WORDS - 1; k > 0; k--) {
            v[k] = v[k - 1];
        }
        v[4] += one;
        v[0] = one + two;
    }
    for (unsigned i = 0; i < WORDS; i++) {
        hash[i] += v[i];
    }
}

/* Of 64 KiB, so many times, without padding. */
uint64_t run(uint32_t count)
{
    uint32_t hash[WORDS];

    for (unsigned i = 0; i < WORDS; i++) {
        hash[i] = start[i];
    }
    for (unsigned i = 0; i < SIZE; i++) {
        text[i] = (uint8_t)(i * 7);
    }
    for (uint32_t n = 0; n < count; n++) {
        for (unsigned at = 0; at < SIZE; at += BLOCK) {
            digest(hash, text + at);
        }
    }
    return (uint64_t)hash[0] << 32 | hash[1];
}
