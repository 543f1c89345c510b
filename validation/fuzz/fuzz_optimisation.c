/* Any text is either read as an instance or refused with QV_ERR_INPUT and a message, and nothing leaks. Each
 * input goes through all readers. */
#include "base/qv_memory.h"
#include "io/qv_assets.h"
#include "io/qv_bqm_file.h"
#include "io/qv_commitment_file.h"
#include "io/qv_graph.h"
#include "io/qv_knapsack.h"
#include "io/qv_mimo.h"
#include "io/qv_tsplib.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frees what was read; returns whether there was something. */
static bool done(int reader, void **out)
{
  const bool read = *out != NULL;
  switch (reader) {
  case 0:
    qv_graph_destroy((qv_graph **)out);
    break;
  case 1:
    qv_bqm_file_destroy((qv_bqm_file **)out);
    break;
  case 2:
    qv_tsplib_destroy((qv_tsplib **)out);
    break;
  case 3:
    qv_knapsack_destroy((qv_knapsack **)out);
    break;
  case 4:
    qv_mimo_destroy((qv_mimo **)out);
    break;
  case 5:
    qv_assets_destroy((qv_assets **)out);
    break;
  default:
    qv_commitment_destroy((qv_commitment_file **)out);
  }
  return read;
}

static qv_code parse(int reader, const char *text, size_t size, void **out)
{
  switch (reader) {
  case 0:
    return qv_graph_parse("fuzz", text, size, (qv_graph **)out);
  case 1:
    return qv_bqm_file_parse("fuzz", text, size, (qv_bqm_file **)out);
  case 2:
    return qv_tsplib_parse("fuzz", text, size, (qv_tsplib **)out);
  case 3:
    return qv_knapsack_parse("fuzz", text, size, (qv_knapsack **)out);
  case 4:
    return qv_mimo_parse("fuzz", text, size, (qv_mimo **)out);
  case 5:
    return qv_assets_parse("fuzz", text, size, (qv_assets **)out);
  default:
    return qv_commitment_parse("fuzz", text, size, (qv_commitment_file **)out);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  for (int reader = 0; reader < 7; reader++) {
    void *out = NULL;
    const qv_code code = parse(reader, (const char *)data, size, &out);
    const bool read = done(reader, &out);
    if (code == QV_OK ? !read : code != QV_ERR_INPUT || qv_error_text()[0] == '\0' || read) {
      abort();
    }
    qv_error_clear();
    if (qv_memory_balance() != 0) {
      abort();
    }
  }
  return 0;
}
