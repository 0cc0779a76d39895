/* The writing half of json.h: commas and escapes are placed here, so that no caller can forget one.
 *
 * Owns:     nothing; it fills the writer it was given.
 * Promise:  calls in a sensible order make well-formed JSON; the writer's overflow is the only
 *           failure, and it is sticky.
 * Source:   RFC 8259 section 7 for what must be escaped.
 * Watch:    strings must be UTF-8 already; nothing is checked on the way out. */
#include "common/wire/json.h"

struct json_out json_into(struct writer *w)
{
    return (struct json_out){w, false};
}

static void begin_value(struct json_out *o)
{
    if (o->needs_comma)
        writer_u8(o->w, ',');
    o->needs_comma = true;
}

static void open_container(struct json_out *o, uint8_t byte)
{
    begin_value(o);
    writer_u8(o->w, byte);
    o->needs_comma = false;
}

static void close_container(struct json_out *o, uint8_t byte)
{
    writer_u8(o->w, byte);
    o->needs_comma = true;
}

void json_out_object(struct json_out *o)
{
    open_container(o, '{');
}

void json_out_object_end(struct json_out *o)
{
    close_container(o, '}');
}

void json_out_array(struct json_out *o)
{
    open_container(o, '[');
}

void json_out_array_end(struct json_out *o)
{
    close_container(o, ']');
}

static void write_escape(struct writer *w, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    const char *name = c == '"'    ? "\\\""
                       : c == '\\' ? "\\\\"
                       : c == '\n' ? "\\n"
                       : c == '\r' ? "\\r"
                       : c == '\t' ? "\\t"
                                   : NULL;
    if (name != NULL) {
        writer_bytes(w, name, 2);
        return;
    }
    writer_bytes(w, "\\u00", 4);
    writer_u8(w, (uint8_t)hex[c >> 4]);
    writer_u8(w, (uint8_t)hex[c & 15]);
}

static void write_quoted(struct writer *w, struct str s)
{
    writer_u8(w, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        writer_bytes(w, s.ptr + from, i - from);
        write_escape(w, c);
        from = i + 1;
    }
    if (s.len > from)
        writer_bytes(w, s.ptr + from, s.len - from);
    writer_u8(w, '"');
}

void json_out_name(struct json_out *o, struct str name)
{
    begin_value(o);
    write_quoted(o->w, name);
    writer_u8(o->w, ':');
    o->needs_comma = false;
}

void json_out_string(struct json_out *o, struct str s)
{
    begin_value(o);
    write_quoted(o->w, s);
}

void json_out_int(struct json_out *o, int64_t v)
{
    begin_value(o);
    writer_decimal(o->w, v);
}

void json_out_decimal(struct json_out *o, struct decimal d)
{
    begin_value(o);
    decimal_write(o->w, d);
}

void json_out_bool(struct json_out *o, bool v)
{
    json_out_raw(o, v ? STR("true") : STR("false"));
}

void json_out_null(struct json_out *o)
{
    json_out_raw(o, STR("null"));
}

void json_out_raw(struct json_out *o, struct str json)
{
    begin_value(o);
    writer_str(o->w, json);
}

void json_out_name_string(struct json_out *o, struct str name, struct str s)
{
    json_out_name(o, name);
    json_out_string(o, s);
}

void json_out_name_int(struct json_out *o, struct str name, int64_t v)
{
    json_out_name(o, name);
    json_out_int(o, v);
}

void json_out_name_bool(struct json_out *o, struct str name, bool v)
{
    json_out_name(o, name);
    json_out_bool(o, v);
}

void json_out_name_raw(struct json_out *o, struct str name, struct str json)
{
    json_out_name(o, name);
    json_out_raw(o, json);
}
