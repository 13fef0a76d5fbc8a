/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.yaml -> struct spec. The text is hostile: its size, nesting and aliases are limited before a
 * tree is built of it. The tree is compared with the schema to report all errors with their lines;
 * libcyaml then decodes by the same schema.
 */
#include <cyaml/cyaml.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "plan/spec.h"
#include "plan/text.h"

#define DEPTH_MAX  12u
#define EVENTS_MAX 20000u
#define NEAR       3u /* a word this many edits away is suggested */
#define TEXT_LINE  256u

static unsigned mark_line(const yaml_mark_t *mark)
{
    return (unsigned)mark->line + 1;
}

/* --- scan of the event stream ---------------------------------------------------------------- */

struct scan {
    unsigned depth, events, documents;
};

/* NULL, or what is wrong with the event. */
static const char *scan_event(struct scan *scan, const yaml_event_t *event)
{
    scan->events++;
    if (event->type == YAML_ALIAS_EVENT) {
        return "aliases (*name) are not allowed in a plan; remedy: write the value out";
    }
    if (event->type == YAML_DOCUMENT_START_EVENT) {
        scan->documents++;
    }
    if (event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT) {
        scan->depth++;
    }
    if (event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT) {
        scan->depth--;
    }
    if (scan->depth > DEPTH_MAX) {
        return "nested too deeply for a plan; remedy: docs/plan.md shows its form";
    }
    if (scan->documents > 1) {
        return "more than one YAML document; remedy: one plan per file";
    }
    return scan->events > EVENTS_MAX
               ? "too many values for a plan; remedy: docs/plan.md shows its form"
               : NULL;
}

static bool scan_text(struct errors *errors, const uint8_t *text, size_t size)
{
    yaml_parser_t parser;
    yaml_event_t event;
    struct scan scan = { 0, 0, 0 };
    bool is_ok = true, is_end = false;

    if (!yaml_parser_initialize(&parser)) {
        return false;
    }
    yaml_parser_set_input_string(&parser, text, size);
    while (is_ok && !is_end) {
        const char *why;

        if (!yaml_parser_parse(&parser, &event)) {
            error_add(errors, mark_line(&parser.problem_mark),
                      "no valid YAML: %s; remedy: look at this line and the one above",
                      parser.problem != NULL ? parser.problem : "unknown error");
            is_ok = false;
            break;
        }
        why = scan_event(&scan, &event);
        is_end = event.type == YAML_STREAM_END_EVENT;
        if (why != NULL) {
            error_add(errors, mark_line(&event.start_mark), "%s", why);
            is_ok = false;
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return is_ok;
}

static bool scan_bytes(struct errors *errors, const uint8_t *text, size_t size)
{
    unsigned line = 1;

    for (size_t i = 0; i < size; i++) {
        line += text[i] == '\n' ? 1 : 0;
        if (text[i] == 0) {
            error_add(errors, line, "the file holds a NUL byte; remedy: give a text file");
            return false;
        }
    }
    return true;
}

/* --- comparison with the schema -------------------------------------------------------------- */

struct walk {
    yaml_document_t *document;
    struct errors *errors;
};

static void walk_value(struct walk *walk, const cyaml_schema_value_t *schema, yaml_node_t *node,
                       const char *key);

static const char *node_text(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

static const cyaml_schema_field_t *field_find(const cyaml_schema_field_t *fields, const char *key)
{
    for (; fields->key != NULL; fields++) {
        if (strcmp(fields->key, key) == 0) {
            return fields;
        }
    }
    return NULL;
}

static void walk_unknown_key(struct walk *walk, const cyaml_schema_field_t *fields,
                             const yaml_node_t *key)
{
    const char *nearest = NULL;
    unsigned best = NEAR;
    unsigned line = mark_line(&key->start_mark);

    for (; fields->key != NULL; fields++) {
        unsigned distance = word_distance(fields->key, node_text(key));

        if (distance < best) {
            best = distance;
            nearest = fields->key;
        }
    }
    if (nearest != NULL) {
        error_add(walk->errors, line, "unknown key '%.60s'; remedy: did you mean '%s'?",
                  node_text(key), nearest);
    } else {
        error_add(walk->errors, line, "unknown key '%.60s'; remedy: docs/plan.md lists all keys",
                  node_text(key));
    }
}

/* The value of a key in a mapping node, or NULL; `times` counts its appearances. */
static yaml_node_t *mapping_find(yaml_document_t *document, const yaml_node_t *node,
                                 const char *key, unsigned *times)
{
    yaml_node_t *found = NULL;

    *times = 0;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = yaml_document_get_node(document, pair->key);

        if (name != NULL && name->type == YAML_SCALAR_NODE && strcmp(node_text(name), key) == 0) {
            found = yaml_document_get_node(document, pair->value);
            ++*times;
        }
    }
    return found;
}

static void walk_mapping(struct walk *walk, const cyaml_schema_field_t *fields, yaml_node_t *node,
                         const char *key)
{
    unsigned times;

    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = yaml_document_get_node(walk->document, pair->key);

        if (name != NULL && field_find(fields, node_text(name)) == NULL) {
            walk_unknown_key(walk, fields, name);
        }
    }
    for (; fields->key != NULL; fields++) {
        yaml_node_t *value = mapping_find(walk->document, node, fields->key, &times);

        if (times > 1) {
            error_add(walk->errors, mark_line(&value->start_mark),
                      "key '%s' is given twice; remedy: remove one of them", fields->key);
        } else if (value != NULL) {
            walk_value(walk, &fields->value, value, fields->key);
        } else if ((fields->value.flags & CYAML_FLAG_OPTIONAL) == 0) {
            error_add(walk->errors, mark_line(&node->start_mark),
                      "key '%s' is missing in '%s'; remedy: add it, docs/plan.md tells its meaning",
                      fields->key, key);
        }
    }
}

static void walk_sequence(struct walk *walk, const cyaml_schema_value_t *entry, yaml_node_t *node,
                          const char *key)
{
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        yaml_node_t *value = yaml_document_get_node(walk->document, *item);

        if (value != NULL) {
            walk_value(walk, entry, value, key);
        }
    }
}

static void walk_enum(struct walk *walk, const cyaml_schema_value_t *schema,
                      const yaml_node_t *node, const char *key)
{
    char words[128] = "";

    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        const char *word = schema->enumeration.strings[i].str;

        if (strcmp(word, node_text(node)) == 0) {
            return;
        }
        if (strlen(words) + strlen(word) + 3 < sizeof(words)) {
            strcat(strcat(words, i == 0 ? "" : ", "), word);
        }
    }
    error_add(walk->errors, mark_line(&node->start_mark),
              "'%.60s' is no value of '%s'; remedy: one of %s", node_text(node), key, words);
}

static void walk_scalar(struct walk *walk, const cyaml_schema_value_t *schema,
                        const yaml_node_t *node, const char *key)
{
    const char *text = node_text(node);
    unsigned line = mark_line(&node->start_mark);

    if (schema->type == CYAML_ENUM) {
        walk_enum(walk, schema, node, key);
    } else if (strlen(text) != node->data.scalar.length) {
        error_add(walk->errors, line, "the value of '%s' holds a NUL character; remedy: remove it",
                  key);
    } else if (schema->type == CYAML_UINT) {
        if (text[0] == 0 || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9 ||
            (text[0] == '0' && text[1] != 0)) {
            error_add(walk->errors, line, "'%.60s' is no value of '%s'; remedy: a decimal number",
                      text, key);
        }
    } else if (strlen(text) > schema->string.max) {
        error_add(walk->errors, line,
                  "the value of '%s' is longer than %u characters; remedy: shorten it", key,
                  schema->string.max);
    } else if (text[0] == 0 && strcmp(key, "cmdline") != 0) {
        error_add(walk->errors, line,
                  "the value of '%s' is empty; remedy: fill it in, or remove the key", key);
    }
}

static void walk_type_error(struct walk *walk, const yaml_node_t *node, const char *key,
                            const char *wanted)
{
    static const char *const kinds[] = { "nothing", "a single value", "a list", "a mapping" };

    error_add(walk->errors, mark_line(&node->start_mark),
              "'%s' must be %s, but is %s; remedy: docs/plan.md shows its form", key, wanted,
              node->type <= YAML_MAPPING_NODE ? kinds[node->type] : "?");
}

/* Recursion ends with the schema, which is a few levels deep whatever the text is. */
static void walk_value(struct walk *walk, const cyaml_schema_value_t *schema, yaml_node_t *node,
                       const char *key)
{
    if (schema->type == CYAML_MAPPING) {
        if (node->type == YAML_MAPPING_NODE) {
            walk_mapping(walk, schema->mapping.fields, node, key);
        } else {
            walk_type_error(walk, node, key, "a mapping of keys to values");
        }
    } else if (schema->type == CYAML_SEQUENCE) {
        if (node->type == YAML_SEQUENCE_NODE) {
            walk_sequence(walk, schema->sequence.entry, node, key);
        } else {
            walk_type_error(walk, node, key, "a list");
        }
    } else if (node->type == YAML_SCALAR_NODE) {
        walk_scalar(walk, schema, node, key);
    } else {
        walk_type_error(walk, node, key, "a single value");
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

/* The child of a node that one word of a path names, or NULL. */
static yaml_node_t *path_step(yaml_document_t *document, const yaml_node_t *node, const char *word)
{
    unsigned times;

    if (node->type == YAML_MAPPING_NODE) {
        return mapping_find(document, node, word, &times);
    }
    if (node->type == YAML_SEQUENCE_NODE) {
        long count = node->data.sequence.items.top - node->data.sequence.items.start;
        long index = strtol(word, NULL, 10);

        return index >= 0 && index < count
                   ? yaml_document_get_node(document, node->data.sequence.items.start[index])
                   : NULL;
    }
    return NULL;
}

/* Walks down `path`, which it cuts in pieces; *line is that of the last node that exists. */
static bool path_walk(const struct source *source, char *path, unsigned *line)
{
    char *rest = NULL;
    yaml_node_t *node = yaml_document_get_root_node(source->document);

    *line = node != NULL ? mark_line(&node->start_mark) : 1;
    for (char *word = strtok_r(path, "/", &rest); word != NULL && node != NULL;
         word = strtok_r(NULL, "/", &rest)) {
        node = path_step(source->document, node, word);
        *line = node != NULL ? mark_line(&node->start_mark) : *line;
    }
    return node != NULL;
}

unsigned source_line(const struct source *source, const char *format, ...)
{
    char path[TEXT_LINE];
    unsigned line;
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    (void)path_walk(source, path, &line);
    return line;
}

unsigned source_find(const struct source *source, const char *path)
{
    char copy[TEXT_LINE];
    unsigned line;

    snprintf(copy, sizeof(copy), "%s", path);
    return path_walk(source, copy, &line) ? line : 0;
}

/* --- loading --------------------------------------------------------------------------------- */

/* What libcyaml reports is a difference between it and walk_value(): its first line is told. */
static void log_first(cyaml_log_t level, void *context, const char *format, va_list args)
{
    char *text = context;

    if (level >= CYAML_LOG_ERROR && text[0] == 0) {
        vsnprintf(text, TEXT_LINE, format, args);
        text[strcspn(text, "\n")] = 0;
    }
}

static struct spec *spec_decode(struct errors *errors, const uint8_t *text, size_t size)
{
    char message[TEXT_LINE] = "";
    cyaml_data_t *data = NULL;
    const cyaml_config_t config = {
        .log_fn = log_first,
        .log_ctx = message,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_NO_ALIAS,
    };
    cyaml_err_t err = cyaml_load_data(text, size, &config, &spec_schema, &data, NULL);

    if (err != CYAML_OK) {
        error_add(errors, 0, "%s (%s)", message, cyaml_strerror(err));
        return NULL;
    }
    return data;
}

static bool document_load(struct source *source, const uint8_t *text, size_t size)
{
    yaml_parser_t parser;
    bool is_ok;

    source->document = calloc(1, sizeof(*source->document));
    if (source->document == NULL || !yaml_parser_initialize(&parser)) {
        return false;
    }
    yaml_parser_set_input_string(&parser, text, size);
    is_ok = yaml_parser_load(&parser, source->document) != 0;
    yaml_parser_delete(&parser);
    return is_ok;
}

struct spec *spec_load(struct source *source, struct errors *errors, const uint8_t *text,
                       size_t size)
{
    struct walk walk = { NULL, errors };
    yaml_node_t *root;

    if (!scan_bytes(errors, text, size) || !scan_text(errors, text, size)) {
        return NULL;
    }
    if (!document_load(source, text, size)) {
        error_add(errors, 0, "the plan could not be read");
        return NULL;
    }
    walk.document = source->document;
    root = yaml_document_get_root_node(source->document);
    if (root == NULL) {
        error_add(errors, 1, "the plan is empty; remedy: docs/plan.md has an example");
        return NULL;
    }
    walk_value(&walk, &spec_schema, root, "the plan");
    return errors->count == 0 ? spec_decode(errors, text, size) : NULL;
}

void spec_free(struct source *source, struct spec *spec)
{
    const cyaml_config_t config = { .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem };

    cyaml_free(&config, &spec_schema, spec, 0);
    if (source->document != NULL) {
        yaml_document_delete(source->document);
        free(source->document);
        source->document = NULL;
    }
}
