/* SPDX-License-Identifier: Apache-2.0 */
/* The zone0 of the attack by virtio devices: see keeper.c. */
#ifndef TESTS_ATTACK_VIRTIO_KEEPER_H
#define TESTS_ATTACK_VIRTIO_KEEPER_H

/* Serves the attacker's devices until the console says that it is over; then what came of it. */
void keeper(void);

#endif
