/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is compiled to WebAssembly for the benchmark: bodies that attract each other. */
#include <stdint.h>

__attribute__((export_name("run"))) uint64_t run(uint32_t count);

enum { BODIES = 6 };

static struct body {
    double x, y, z, vx, vy, vz, mass;
} bodies[BODIES];

static void place(void)
{
    for (uint32_t i = 0; i < BODIES; i++) {
        double n = (double)i;

        bodies[i] = (struct body){ .x = 3 * n,
                                   .y = 11 - n * n,
                                   .z = n * 0.25,
                                   .vx = 0.1 * n,
                                   .vy = 0.5 - 0.15 * n,
                                   .vz = -0.02 * n,
                                   .mass = i == 0 ? 40 : 0.04 * n };
    }
}

static void attract(struct body *a, struct body *b, double step)
{
    double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
    double square = dx * dx + dy * dy + dz * dz + 0.01;
    double pull = step / (square * __builtin_sqrt(square));

    a->vx -= dx * b->mass * pull;
    a->vy -= dy * b->mass * pull;
    a->vz -= dz * b->mass * pull;
    b->vx += dx * a->mass * pull;
    b->vy += dy * a->mass * pull;
    b->vz += dz * a->mass * pull;
}

static void move(double step)
{
    for (uint32_t i = 0; i < BODIES; i++) {
        for (uint32_t j = i + 1; j < BODIES; j++) {
            attract(&bodies[i], &bodies[j], step);
        }
    }
    for (uint32_t i = 0; i < BODIES; i++) {
        bodies[i].x += step * bodies[i].vx;
        bodies[i].y += step * bodies[i].vy;
        bodies[i].z += step * bodies[i].vz;
    }
}

uint64_t run(uint32_t count)
{
    double sum = 0;

    place();
    for (uint32_t n = 0; n < count; n++) {
        move(0.001);
    }
    for (uint32_t i = 0; i < BODIES; i++) {
        sum += bodies[i].x + bodies[i].y + bodies[i].z;
    }
    return (uint64_t)(int64_t)(sum * 1e9);
}
