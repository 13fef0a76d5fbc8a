/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot image: hyp.bin, the plan, then the blobs, each on a page of its own and stored once. The
 * same plan always gives the same bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/addr.h"
#include "plan/compile.h"

#define IMAGE_SIZE_OFFSET 16u /* of the arm64 Image header: memory that the image needs */

uint32_t blob_add(struct compile *c, const uint8_t *data, uint64_t size)
{
    for (uint32_t i = 0; i < c->blob_count; i++) {
        if (c->blob[i].size == size && memcmp(c->blob[i].data, data, size) == 0) {
            return i;
        }
    }
    if (c->blob_count == BLOBS_MAX) {
        error_add(
            &c->errors, 0,
            "too many different boot files; remedy: same files for several zones [image-count]");
        return 0;
    }
    c->blob[c->blob_count] = (struct blob){ data, size, 0 };
    return c->blob_count++;
}

uint64_t image_bytes(const struct compile *c)
{
    uint64_t size = c->hyp_header.image_size + align_up(sizeof(struct plan), SIZE_4K);

    for (uint32_t i = 0; i < c->blob_count; i++) {
        size += align_up(c->blob[i].size, SIZE_4K);
    }
    return size;
}

void image_lay_out(struct compile *c)
{
    uint64_t at = c->hyp_header.image_size + align_up(sizeof(struct plan), SIZE_4K);

    for (uint32_t i = 0; i < c->blob_count; i++) {
        c->blob[i].offset = at;
        at += align_up(c->blob[i].size, SIZE_4K);
    }
    for (uint32_t i = 0; i < c->plan.image_count; i++) {
        c->plan.image[i].offset = c->blob[c->image_blob[i]].offset;
    }
    c->plan.image_size = at;
}

/* --- writing --------------------------------------------------------------------------------- */

/* A file of the output directory; NULL after a message. */
static FILE *out_open(struct compile *c, const char *path)
{
    FILE *out = fopen(path, "wb");

    if (out == NULL) {
        error_add(&c->errors, 0, "'%s' can't be written: %s", path, strerror(errno));
    }
    return out;
}

static bool out_close(struct compile *c, const char *path, FILE *out)
{
    bool is_ok = ferror(out) == 0;

    if (fclose(out) != 0 || !is_ok) {
        error_add(&c->errors, 0, "'%s' could not be written completely", path);
        return false;
    }
    return true;
}

static bool write_bytes(struct compile *c, const char *path, const void *data, uint64_t size)
{
    FILE *out = out_open(c, path);

    if (out == NULL) {
        return false;
    }
    fwrite(data, 1, size, out);
    return out_close(c, path, out);
}

/* Bytes, then zeros up to a file offset that is not before their end. */
static void put_padded(FILE *out, const void *data, uint64_t size, uint64_t to)
{
    static const uint8_t zeros[SIZE_4K];

    fwrite(data, 1, size, out);
    while (size < to) {
        uint64_t part = to - size < sizeof(zeros) ? to - size : sizeof(zeros);

        fwrite(zeros, 1, part, out);
        size += part;
    }
}

static bool write_image(struct compile *c, const char *path)
{
    FILE *out = out_open(c, path);
    uint64_t memory = c->plan.hyp_hpa + c->plan.hyp_size - c->plan.image_hpa;

    if (out == NULL) {
        return false;
    }
    memcpy(c->hyp.data + IMAGE_SIZE_OFFSET, &memory, sizeof(memory));
    put_padded(out, c->hyp.data, c->hyp.size, c->hyp_header.image_size);
    put_padded(out, &c->plan, sizeof(c->plan), align_up(sizeof(c->plan), SIZE_4K));
    for (uint32_t i = 0; i < c->blob_count; i++) {
        put_padded(out, c->blob[i].data, c->blob[i].size, align_up(c->blob[i].size, SIZE_4K));
    }
    return out_close(c, path, out);
}

bool compile_write(struct compile *c, const char *dir)
{
    bool is_ok;

    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        error_add(&c->errors, 0, "directory '%s' can't be made: %s", dir, strerror(errno));
        return false;
    }
    is_ok = write_bytes(c, arena_printf(&c->arena, "%s/plan.bin", dir), &c->plan,
                        sizeof(c->plan)) &&
            write_image(c, arena_printf(&c->arena, "%s/boot.img", dir));
    for (uint32_t i = 0; i < c->plan.zone_count && is_ok; i++) {
        is_ok = write_bytes(c, arena_printf(&c->arena, "%s/%s.dtb", dir, c->plan.zone[i].name),
                            c->dtb[i], c->dtb_size[i]);
    }
    return is_ok;
}
