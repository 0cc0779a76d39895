/* JSON for the device path: a pull parser without memory of its own, and a writer.
 *
 * Owns:     nothing; strings are views into the input, or unescaped into the caller's scratch.
 * Promise:  strict RFC 8259: UTF-8 only, no duplicate-member tricks for the caller to fall for
 *           (members are visited in order, a handler refuses what it has already seen), depth and
 *           size bounded, the whole text consumed or ERR_PEER.
 * Source:   RFC 8259; RFC 7493 (I-JSON) for "no duplicate names".
 * Watch:    json_end() must be asked before anything parsed is used. */
#ifndef OC_WIRE_JSON_H
#define OC_WIRE_JSON_H

#include "common/base/decimal.h"
#include "common/base/str.h"
#include "common/base/writer.h"

#define JSON_DEPTH_MAX 8

/* ---- reading --------------------------------------------------------------------------------
 *
 *     struct json j = json_of(text, scratch, sizeof scratch);
 *     struct str name;
 *     json_object(&j);
 *     while (json_member(&j, &name)) {
 *         if (str_eq(name, STR("mac")))
 *             mac = json_string(&j);
 *         else
 *             json_skip(&j);
 *     }
 *     TRY(json_end(&j));
 *
 * Every function is a no-op yielding zero after the first failure. */

enum json_type {
    JSON_NONE, /* end of input or failed */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *scratch; /* where strings with escapes are unescaped; handed out forwards */
    size_t scratch_left;
    uint8_t depth;
    bool first; /* the next element of the open container is its first */
    bool failed;
    uint8_t is_object[JSON_DEPTH_MAX]; /* what each open container is */
};

struct json json_of(struct str text, uint8_t *scratch, size_t scratch_size);

/* What comes next, without consuming it. */
enum json_type json_peek(struct json *j);

void json_object(struct json *j); /* expect and enter */
void json_array(struct json *j);

/* Next member: its name, the value is next to be read or skipped. False at the closing brace,
 * which is then consumed. */
bool json_member(struct json *j, struct str *name);

/* Next element of an array; false at the closing bracket, which is then consumed. */
bool json_element(struct json *j);

struct str json_string(struct json *j);      /* unescaped, valid UTF-8 */
struct decimal json_decimal(struct json *j); /* any number */
int64_t json_int(struct json *j);            /* an integer without fraction or exponent */
bool json_bool(struct json *j);
void json_null(struct json *j);

/* The next value whatever it is, as its own text, checked to be well formed. */
struct str json_raw(struct json *j);
void json_skip(struct json *j);
void json_fail(struct json *j);

/* OK when all reads succeeded and only white space is left. */
MUST_CHECK enum err json_end(struct json *j);

/* ---- writing --------------------------------------------------------------------------------
 * Commas are placed by the writer: json_out_* know whether they follow another element. */

struct json_out {
    struct writer *w;
    bool needs_comma;
};

struct json_out json_into(struct writer *w);
void json_out_object(struct json_out *o);
void json_out_object_end(struct json_out *o);
void json_out_array(struct json_out *o);
void json_out_array_end(struct json_out *o);
void json_out_name(struct json_out *o, struct str name);
void json_out_string(struct json_out *o, struct str s); /* escapes; s must be UTF-8 */
void json_out_int(struct json_out *o, int64_t v);
void json_out_decimal(struct json_out *o, struct decimal d);
void json_out_bool(struct json_out *o, bool v);
void json_out_null(struct json_out *o);
void json_out_raw(struct json_out *o, struct str json); /* already JSON */

/* name and value in one line, the common case */
void json_out_name_string(struct json_out *o, struct str name, struct str s);
void json_out_name_int(struct json_out *o, struct str name, int64_t v);
void json_out_name_bool(struct json_out *o, struct str name, bool v);
void json_out_name_raw(struct json_out *o, struct str name, struct str json);

#endif
