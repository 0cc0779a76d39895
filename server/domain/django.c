#include "server/domain/django.h"

#include <string.h>

/* ---- times ----------------------------------------------------------------------------------- */

static bool digits(struct str *s, size_t count, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (i >= s->len || s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        *out = *out * 10 + (s->ptr[i] - '0');
    }
    *s = str_slice(*s, count, s->len);
    return true;
}

static bool mark(struct str *s, const char *any)
{
    if (s->len == 0 || s->ptr[0] == 0 || strchr(any, s->ptr[0]) == NULL)
        return false;
    *s = str_slice(*s, 1, s->len);
    return true;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar (Howard Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms"). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Z", "+02", "+02:00", "+0200" or nothing, which Django means as UTC. */
static bool read_zone(struct str s, int64_t *offset_s)
{
    int64_t hours, minutes = 0;
    *offset_s = 0;
    if (s.len == 0 || str_eq(s, STR("Z")))
        return true;
    bool is_west = s.ptr[0] == '-';
    if (!mark(&s, "+-") || !digits(&s, 2, &hours))
        return false;
    (void)mark(&s, ":");
    if (s.len > 0 && !digits(&s, 2, &minutes))
        return false;
    *offset_s = (is_west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return s.len == 0 && hours < 24 && minutes < 60;
}

static void skip_fraction(struct str *s)
{
    int64_t ignored;
    if (!mark(s, ".,"))
        return;
    while (digits(s, 1, &ignored))
        continue;
}

int64_t django_time(struct str s)
{
    int64_t year, month, day, hour, minute, second, offset_s;
    bool good = digits(&s, 4, &year) && mark(&s, "-") && digits(&s, 2, &month) && mark(&s, "-") &&
                digits(&s, 2, &day) && mark(&s, "T ") && digits(&s, 2, &hour) && mark(&s, ":") &&
                digits(&s, 2, &minute) && mark(&s, ":") && digits(&s, 2, &second);
    if (!good)
        return 0;
    skip_fraction(&s);
    if (!read_zone(s, &offset_s) || year < 1970 || year > 2200 || month < 1 || month > 12 ||
        day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return 0;
    int64_t at_s =
        days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset_s;
    return at_s < 0 ? 0 : at_s * 1000;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct str text_or_null(struct json *j)
{
    if (json_peek(j) != JSON_NULL)
        return json_string(j);
    json_null(j);
    return STR_NONE;
}

/* Of members that stand there twice the last counts, as in Python. */
static void read_fields(struct json *j, struct django_user *u)
{
    struct str name;
    json_object(j);
    while (json_member(j, &name)) {
        if (str_eq(name, STR("email")))
            u->email = text_or_null(j);
        else if (str_eq(name, STR("username")))
            u->username = text_or_null(j);
        else if (str_eq(name, STR("password")))
            u->password = text_or_null(j);
        else if (str_eq(name, STR("date_joined")))
            u->joined_at_ms = django_time(text_or_null(j));
        else if (str_eq(name, STR("is_active")))
            u->is_active = json_bool(j);
        else if (str_eq(name, STR("is_superuser")))
            u->is_superuser = json_bool(j);
        else if (str_eq(name, STR("is_staff")))
            u->is_staff = json_bool(j);
        else
            json_skip(j);
    }
}

/* One object of the array. *is_user: of the model that is asked for. */
static enum err read_object(struct django_file *f, struct str text, struct django_user *u,
                            bool *is_user)
{
    struct json j = json_of(text, f->scratch, sizeof f->scratch);
    struct str name, model = STR_NONE;
    *u = (struct django_user){.is_active = true};
    json_object(&j);
    while (json_member(&j, &name)) {
        if (str_eq(name, STR("model")))
            model = json_string(&j);
        else if (str_eq(name, STR("fields")) && json_peek(&j) == JSON_OBJECT &&
                 (model.len == 0 || str_eq_nocase(model, f->model)))
            read_fields(&j, u);
        else
            json_skip(&j);
    }
    TRY(json_end(&j));
    *is_user = str_eq_nocase(model, f->model);
    return OK;
}

static enum err next_of_json(struct django_file *f, struct django_user *out)
{
    bool is_user = false;
    while (!is_user) {
        if (!json_element(&f->json))
            return json_end(&f->json) == OK ? ERR_NOT_FOUND : ERR_PEER;
        f->place++;
        struct str object = json_raw(&f->json);
        if (f->json.failed)
            return ERR_PEER;
        TRY(read_object(f, object, out, &is_user));
    }
    return OK;
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static const char *const column_names[] = {[COLUMN_EMAIL] = "email",
                                           [COLUMN_USERNAME] = "username",
                                           [COLUMN_PASSWORD] = "password",
                                           [COLUMN_ACTIVE] = "is_active",
                                           [COLUMN_SUPERUSER] = "is_superuser",
                                           [COLUMN_STAFF] = "is_staff",
                                           [COLUMN_JOINED] = "date_joined"};

static bool has_column(const struct django_file *f, enum django_column column)
{
    return f->columns[column] < DJANGO_FIELDS;
}

static enum err read_names(struct django_file *f)
{
    struct str fields[DJANGO_FIELDS];
    for (enum django_column c = 0; c < COLUMN_COUNT; c++)
        f->columns[c] = DJANGO_FIELDS;
    if (!csv_record(&f->csv, fields, DJANGO_FIELDS, &f->column_count))
        return ERR_PEER;
    for (size_t i = 0; i < f->column_count; i++) {
        for (enum django_column c = 0; c < COLUMN_COUNT; c++) {
            if (str_eq_nocase(str_trim(fields[i]), str_from_cstr(column_names[c])))
                f->columns[c] = i;
        }
    }
    if (has_column(f, COLUMN_PASSWORD) &&
        (has_column(f, COLUMN_EMAIL) || has_column(f, COLUMN_USERNAME)))
        return OK;
    f->why = "is to name the columns: password, and email or username";
    return ERR_PEER;
}

static struct str column(const struct django_file *f, const struct str *fields,
                         enum django_column c)
{
    return has_column(f, c) ? fields[f->columns[c]] : STR_NONE;
}

/* As PostgreSQL, SQLite and spreadsheets write it; empty is what Django has by default. */
static enum err read_bool(struct django_file *f, struct str text, bool normal, bool *out)
{
    static const char *const yes[] = {"t", "true", "1", "yes"};
    static const char *const no[] = {"f", "false", "0", "no"};
    *out = normal;
    text = str_trim(text);
    if (text.len == 0)
        return OK;
    for (size_t i = 0; i < 4; i++) {
        *out = str_eq_nocase(text, str_from_cstr(yes[i]));
        if (*out || str_eq_nocase(text, str_from_cstr(no[i])))
            return OK;
    }
    f->why = "has neither true nor false where it should";
    return ERR_PEER;
}

static enum err read_record(struct django_file *f, const struct str *fields,
                            struct django_user *out)
{
    *out = (struct django_user){.email = column(f, fields, COLUMN_EMAIL),
                                .username = column(f, fields, COLUMN_USERNAME),
                                .password = column(f, fields, COLUMN_PASSWORD),
                                .joined_at_ms = django_time(column(f, fields, COLUMN_JOINED))};
    TRY(read_bool(f, column(f, fields, COLUMN_ACTIVE), true, &out->is_active));
    TRY(read_bool(f, column(f, fields, COLUMN_SUPERUSER), false, &out->is_superuser));
    return read_bool(f, column(f, fields, COLUMN_STAFF), false, &out->is_staff);
}

static enum err next_of_csv(struct django_file *f, struct django_user *out)
{
    struct str fields[DJANGO_FIELDS];
    size_t count;
    do {
        if (!csv_record(&f->csv, fields, DJANGO_FIELDS, &count)) {
            f->place = f->csv.line;
            return csv_end(&f->csv) == OK ? ERR_NOT_FOUND : ERR_PEER;
        }
        f->place = f->csv.line;
    } while (count == 1 && fields[0].len == 0); /* an empty line */
    if (count != f->column_count) {
        f->why = "has not as many fields as the first line";
        return ERR_PEER;
    }
    return read_record(f, fields, out);
}

/* ---- either ---------------------------------------------------------------------------------- */

static struct str without_mark(struct str text)
{
    return str_starts(text, STR("\xEF\xBB\xBF")) ? str_slice(text, 3, text.len) : text;
}

enum err django_open(struct django_file *f, struct str text, enum django_format format,
                     struct str model)
{
    text = without_mark(text);
    f->format = format;
    f->model = model;
    f->users = f->place = 0;
    f->why = NULL;
    f->json = json_of(text, NULL, 0);
    f->csv = csv_of(text, f->scratch, sizeof f->scratch);
    if (!str_is_utf8(text)) {
        f->why = "and what follows is not UTF-8";
        return ERR_PEER;
    }
    if (format == DJANGO_GUESS)
        f->format = json_peek(&f->json) == JSON_ARRAY ? DJANGO_JSON : DJANGO_CSV;
    if (f->format == DJANGO_CSV)
        return read_names(f);
    json_array(&f->json);
    return f->json.failed ? ERR_PEER : OK;
}

enum err django_next(struct django_file *f, struct django_user *out)
{
    f->why = NULL;
    TRY(f->format == DJANGO_JSON ? next_of_json(f, out) : next_of_csv(f, out));
    if (f->users == DJANGO_USERS_MAX) {
        f->why = "is one too many: at most 100000 users";
        return ERR_LIMIT;
    }
    f->users++;
    return OK;
}
