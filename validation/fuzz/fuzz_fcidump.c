/* Any text is either read as an FCIDUMP or refused with QV_ERR_INPUT and a message, and nothing leaks. */
#include "base/qv_memory.h"
#include "io/qv_fcidump.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_dump(const qv_fcidump *dump)
{
  const int last = dump->norb - 1;
  for (int s = 0; s < 2; s++) {
    for (int t = 0; t < 2; t++) {
      if (!isfinite(qv_fcidump_two(dump, s, t, last, 0, last, last))) {
        abort();
      }
    }
    if (qv_fcidump_one(dump, s, 0, last) != qv_fcidump_one(dump, s, last, 0)) {
      abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  qv_fcidump *dump = NULL;
  const qv_code code = qv_fcidump_parse("fuzz", (const char *)data, size, &dump);
  if (code == QV_OK) {
    check_dump(dump);
  } else if (code != QV_ERR_INPUT || qv_error_text()[0] == '\0' || dump) {
    abort();
  }
  qv_fcidump_destroy(&dump);
  qv_error_clear();
  if (qv_memory_balance() != 0) {
    abort();
  }
  return 0;
}
