/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of zone0's programs uses which slot for requests: a byte of a file for each slot, locked by
 * an open file's lock, so that a program that is killed has given its slot back.
 */
#ifndef ZONE0_SLOT_H
#define ZONE0_SLOT_H

#include "lib/err.h"

/* Opens the file of locks below `run`; a descriptor, or -1 with errno. */
int slot_open(const char *run);

/* Any free slot, waiting up to a second for one: its number, or ERR_BUSY. */
int slot_take(int fd) MUST_CHECK;
void slot_give(int fd, int slot);

#endif
