#include "base/qv_status.h"

#include <stdio.h>

static struct {
  qv_code code;
  char text[QV_ERROR_MAX];
} record;

int qv_code_exit(qv_code code)
{
  switch (code) {
#define QV_CODE_CASE(name, exit_code, text)                                                                            \
  case name:                                                                                                           \
    return exit_code;
    QV_CODE_LIST(QV_CODE_CASE)
#undef QV_CODE_CASE
  }
  return 70;
}

const char *qv_code_name(qv_code code)
{
  switch (code) {
#define QV_CODE_CASE(name, exit_code, text)                                                                            \
  case name:                                                                                                           \
    return #name;
    QV_CODE_LIST(QV_CODE_CASE)
#undef QV_CODE_CASE
  }
  return "?";
}

const char *qv_code_text(qv_code code)
{
  switch (code) {
#define QV_CODE_CASE(name, exit_code, text)                                                                            \
  case name:                                                                                                           \
    return text;
    QV_CODE_LIST(QV_CODE_CASE)
#undef QV_CODE_CASE
  }
  return "?";
}

qv_code qv_vfail(qv_code code, const char *format, va_list args)
{
  if (record.code == QV_OK) {
    record.code = code;
    vsnprintf(record.text, sizeof record.text, format, args);
  }
  return code;
}

qv_code qv_fail(qv_code code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  qv_vfail(code, format, args);
  va_end(args);
  return code;
}

qv_code qv_error_code(void)
{
  return record.code;
}

const char *qv_error_text(void)
{
  return record.text;
}

void qv_error_clear(void)
{
  record.code = QV_OK;
  record.text[0] = '\0';
}
