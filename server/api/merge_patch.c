#include "server/api/merge_patch.h"

#include "common/proto/device_messages.h"
#include "common/wire/json.h"
#include "server/domain/limits.h"

#define DEPTH_MAX   4   /* switches.relay1 is 2 */
#define NAME_MAX    128 /* longest member name, unescaped */
#define MEMBERS_MAX 64  /* members of one object */

/* Where one object's member names are unescaped. */
struct names {
    uint8_t scratch[2 * NAME_MAX];
};

/* The value of a member as its text. JSON_NONE when it is not there; ERR_PEER when it is twice. */
static enum err find_member(struct str object, struct str name, struct str *raw,
                            enum json_type *type)
{
    struct names n;
    struct json j = json_of(object, n.scratch, sizeof n.scratch);
    struct str member;
    *type = JSON_NONE;
    json_object(&j);
    while (json_member(&j, &member)) {
        bool is_it = str_eq(member, name);
        enum json_type seen = json_peek(&j);
        struct str value = json_raw(&j);
        if (!is_it)
            continue;
        if (*type != JSON_NONE)
            return ERR_PEER;
        *type = seen;
        *raw = value;
    }
    return json_end(&j);
}

static enum err merge(struct str target, struct str patch, int depth, struct json_out *out);

/* One member of the result, from what the target and the patch have under its name. */
static enum err merge_member(struct str name, struct str old, enum json_type old_type,
                             struct str new, enum json_type new_type, int depth,
                             struct json_out *out)
{
    if (new_type == JSON_NULL)
        return OK; /* removed */
    json_out_name(out, name);
    if (new_type == JSON_OBJECT)
        return merge(old_type == JSON_OBJECT ? old : STR("{}"), new, depth + 1, out);
    json_out_raw(out, new_type == JSON_NONE ? old : new);
    return OK;
}

/* First the members of the target, changed or not, in their order; then what only the patch has. */
static enum err merge(struct str target, struct str patch, int depth, struct json_out *out)
{
    struct names n;
    struct str name, other;
    enum json_type other_type;
    size_t count = 0, patched = 0;
    if (depth > DEPTH_MAX)
        return ERR_LIMIT;
    json_out_object(out);
    struct json t = json_of(target, n.scratch, sizeof n.scratch);
    json_object(&t);
    while (json_member(&t, &name)) {
        enum json_type type = json_peek(&t);
        struct str value = json_raw(&t);
        if (count++ == MEMBERS_MAX)
            return ERR_LIMIT;
        TRY(find_member(patch, name, &other, &other_type));
        TRY(merge_member(name, value, type, other, other_type, depth, out));
    }
    TRY(json_end(&t));
    struct json p = json_of(patch, n.scratch, sizeof n.scratch);
    json_object(&p);
    while (json_member(&p, &name)) {
        struct str again;
        enum json_type type = json_peek(&p), again_type;
        struct str value = json_raw(&p);
        if (patched++ == MEMBERS_MAX)
            return ERR_LIMIT; /* a bound on the work, too: each is looked for */
        TRY(find_member(patch, name, &again, &again_type)); /* refuses a repeated member */
        TRY(find_member(target, name, &other, &other_type));
        if (other_type != JSON_NONE)
            continue;
        if (count++ == MEMBERS_MAX)
            return ERR_LIMIT;
        TRY(merge_member(name, STR_NONE, JSON_NONE, value, type, depth, out));
    }
    TRY(json_end(&p));
    json_out_object_end(out);
    return OK;
}

static bool switch_name_is_valid(struct str name)
{
    return metric_name_is_valid(name) && str_find(name, '.') == name.len;
}

static enum err check_switches(struct json *j)
{
    struct str name;
    json_object(j);
    while (json_member(j, &name)) {
        if (!switch_name_is_valid(name))
            return ERR_PEER;
        (void)json_bool(j);
    }
    return j->failed ? ERR_PEER : OK;
}

static enum err check_interval(struct json *j, int64_t *interval_s)
{
    int64_t v = json_int(j);
    if (j->failed || v < INTERVAL_S_MIN || v > INTERVAL_S_MAX)
        return ERR_PEER;
    *interval_s = v;
    return OK;
}

/* The members that devices rely on. */
static enum err check(struct str desired, struct patched *out)
{
    struct names n;
    struct str name;
    struct json j = json_of(desired, n.scratch, sizeof n.scratch);
    json_object(&j);
    while (json_member(&j, &name)) {
        if (str_eq(name, STR("switches"))) {
            out->wrong = "switches";
            TRY(check_switches(&j));
        } else if (str_eq(name, STR("interval_s"))) {
            out->wrong = "interval_s";
            TRY(check_interval(&j, &out->interval_s));
        } else {
            json_skip(&j);
        }
    }
    out->wrong = "desired";
    return json_end(&j);
}

enum err merge_patch(struct arena *a, struct str current, struct str patch, int64_t interval_s,
                     struct patched *out)
{
    uint8_t text[STATE_JSON_MAX];
    struct writer w = writer_into(text, sizeof text);
    struct json_out o = json_into(&w);
    struct str desired;
    *out = (struct patched){.interval_s = interval_s, .wrong = "desired"};
    TRY(merge(current, patch, 1, &o));
    TRY(writer_end(&w, &desired));
    TRY(check(desired, out));
    return arena_copy(a, desired, &out->desired);
}
