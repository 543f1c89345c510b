/* The molecules of validation/data/chemistry/manifest.json, for the physics tests. */
#ifndef MOLECULES_H
#define MOLECULES_H

#include "parallel/qv_comm.h"
#include "task/qv_task.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition, ...)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      char check_text[512];                                                                                            \
      snprintf(check_text, sizeof check_text, __VA_ARGS__);                                                            \
      qv_parallel_abort(QV_ERR_INTERNAL, "%s:%d: %s: %s: %s", __FILE__, __LINE__, #condition, check_text,              \
                        qv_error_text());                                                                              \
    }                                                                                                                  \
  } while (0)

/* The whole manifest; freed with cJSON_Delete. */
static inline cJSON *molecules_read(void)
{
  static char text[1 << 20];
  FILE *file = fopen(QV_DATA_DIR "/chemistry/manifest.json", "r");
  CHECK(file, "manifest.json");
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  cJSON *manifest = cJSON_Parse(text);
  CHECK(manifest, "manifest.json is JSON");
  return manifest;
}

/* A number of a case, or NAN where it is null or missing. */
static inline double molecules_number(const cJSON *molecule, const char *name)
{
  const cJSON *item = cJSON_GetObjectItem(molecule, name);
  return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static inline const char *molecules_name(const cJSON *molecule)
{
  return cJSON_GetObjectItem(molecule, "name")->valuestring;
}

/* A deck for a molecule of the manifest: `task`, and overrides ended by NULL. */
static inline qv_deck *molecules_deck(const char *task, const char *name, const char *const *overrides)
{
  char text[1024];
  qv_deck *deck = NULL;
  int count = 0;
  snprintf(text, sizeof text, "qonverge: 1\ntask: %s\nmolecule: {fcidump: fcidump/%s.fcidump}\n", task, name);
  while (overrides && overrides[count]) {
    count++;
  }
  const qv_code code = qv_deck_parse("test.yaml", QV_DATA_DIR "/chemistry", text, strlen(text), overrides, count,
                                     qv_task_schema(), &deck);
  CHECK(code == QV_OK, "deck for %s", name);
  return deck;
}

#endif
