/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounding and roots, for compilers that call functions where they could use the instruction. They
 * need SSE4.1, which every processor with KVM has.
 */

double ceil(double x);
double floor(double x);
double nearbyint(double x);
double sqrt(double x);
double trunc(double x);
float ceilf(float x);
float floorf(float x);
float nearbyintf(float x);
float sqrtf(float x);
float truncf(float x);

/* Intel SDM 2B, ROUNDSD: 0 nearest, 1 down, 2 up, 3 to zero, 4 as MXCSR says; 8: never inexact. */
#define ROUND(name_, mode_)                                                                        \
    double name_(double x)                                                                         \
    {                                                                                              \
        __asm__("roundsd %1, %0, %0" : "+x"(x) : "i"(mode_));                                      \
        return x;                                                                                  \
    }                                                                                              \
    float name_##f(float x)                                                                        \
    {                                                                                              \
        __asm__("roundss %1, %0, %0" : "+x"(x) : "i"(mode_));                                      \
        return x;                                                                                  \
    }                                                                                              \
    _Static_assert(1, "")

ROUND(floor, 9);
ROUND(ceil, 10);
ROUND(trunc, 11);
ROUND(nearbyint, 12);

double sqrt(double x)
{
    __asm__("sqrtsd %0, %0" : "+x"(x));
    return x;
}

float sqrtf(float x)
{
    __asm__("sqrtss %0, %0" : "+x"(x));
    return x;
}
