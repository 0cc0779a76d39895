/* Paths that prove asks for besides those of the routes.
 *
 * Owns:     nothing.
 * Promise:  one list for the checks and for the test that compares it with the honeypot's.
 * Source:   what frameworks with an explorer answer: Django REST, FastAPI, Swagger UI, GraphiQL.
 * Watch:    one that is bait would ban us in the middle. */
#ifndef OC_PROVE_PATHS_H
#define OC_PROVE_PATHS_H

#include <stddef.h>

extern const char *const explorer_paths[];
extern const size_t explorer_path_count;
extern const char *const unknown_paths[];
extern const size_t unknown_path_count;

#endif
