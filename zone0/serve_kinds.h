/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of devices that have files of their own, as rows of the table in serve_kinds.c. */
#ifndef ZONE0_SERVE_KINDS_H
#define ZONE0_SERVE_KINDS_H

#include "zone0/serve.h"

/* A network card over a tap, serve_net.c. */
int card_open(struct serve_dev *dev);
void card_close(struct serve_dev *dev);
void card_offer(const struct serve_dev *dev, struct bridge_offer *offer);
void card_begin(struct serve_dev *dev);
int card_run(struct serve_queue *queue, bool *interrupt);
int card_waits_on(const struct serve_queue *queue);

/* A console over a terminal, a socket or a file, serve_console.c. */
int line_open(struct serve_dev *dev);
void line_close(struct serve_dev *dev);
void line_offer(const struct serve_dev *dev, struct bridge_offer *offer);
void line_begin(struct serve_dev *dev);
int line_run(struct serve_queue *queue, bool *interrupt);
int line_waits_on(const struct serve_queue *queue);
int line_late(struct serve_queue *queue, bool *interrupt);
int line_watch(const struct serve_dev *dev);
void line_watched(struct serve_dev *dev);

#endif
