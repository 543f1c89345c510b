/* The inside of qv_result, shared by its two files. Not for other rooms. */
#ifndef QV_RESULT_INTERNAL_H
#define QV_RESULT_INTERNAL_H

#include "io/qv_result.h"

#define QV_RESULT_SECTIONS 4

typedef enum { QV_ITEM_NUMBER, QV_ITEM_COUNT, QV_ITEM_TEXT } qv_item_kind;

typedef struct {
  qv_result_section section;
  qv_item_kind kind;
  char *name, *unit, *description, *text; /* owned; text: NULL but for texts */
  double value, error;                    /* a count's value is also here, as near as a double is */
  int64_t count;
} qv_item;

struct qv_result {
  qv_item *items;
  int count, room;
  qv_code failure; /* of the first add that found no memory */
};

/* "headline", "baseline", "resources", "values": groups of the file and members of the JSON summary. */
const char *qv_result_group(qv_result_section section);

#endif
