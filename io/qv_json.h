/* Members of JSON objects with messages `file: path: what`, for readers of JSON instance files. Local. */
#ifndef QV_JSON_H
#define QV_JSON_H

#include "base/qv_status.h"

#include <cjson/cJSON.h>
#include <stddef.h>

/* Parses text; on a syntax error fails with QV_ERR_INPUT and `name:line`. The caller frees *out with cJSON_Delete. */
qv_code qv_json_parse(const char *name, const char *text, size_t length, cJSON **out);

/* A member that must be a finite number in [lowest, highest]. `where` is what the object is, for the message. */
qv_code qv_json_number(const char *name, const char *where, const cJSON *object, const char *key, double lowest,
                       double highest, double *out);

/* The same, with a value where the member is missing. */
qv_code qv_json_number_or(const char *name, const char *where, const cJSON *object, const char *key, double lowest,
                          double highest, double otherwise, double *out);

/* A member that must be a list of `count` finite numbers (count -1: any number of at least one), into *out (allocated,
 * freed with qv_free); *length is their number. */
qv_code qv_json_numbers(const char *name, const char *where, const cJSON *object, const char *key, int count,
                        double **out, int *length);

#endif
