/* Status codes and the error record.
 *
 * Every function that can fail returns a qv_code. The function that first sees a failure writes one message (what,
 * where, which value, which limit, what to do about it) into the error record of its rank with qv_fail(); callers
 * pass the code up unchanged. Nothing is printed here: the driver prints one message, once all ranks have agreed
 * (qv_agree in parallel/qv_comm.h). */
#ifndef QV_STATUS_H
#define QV_STATUS_H

#include <stdarg.h>

/* name, exit code of the process, what it means */
#define QV_CODE_LIST(X)                                                                                                \
  X(QV_OK, 0, "done")                                                                                                  \
  X(QV_ERR_USAGE, 64, "the command line is wrong")                                                                     \
  X(QV_ERR_DECK, 65, "the input deck is invalid")                                                                      \
  X(QV_ERR_INPUT, 66, "an input or restart file is missing or damaged")                                                \
  X(QV_ERR_FEATURE, 69, "a library lacks a feature that this run needs")                                               \
  X(QV_ERR_INTERNAL, 70, "an internal check failed: please report this")                                               \
  X(QV_ERR_MEMORY, 71, "the memory does not suffice")                                                                  \
  X(QV_ERR_IO, 74, "reading or writing failed")                                                                        \
  X(QV_STOPPED, 75, "stopped early with a good checkpoint: the same command continues")                                \
  X(QV_ERR_ENVIRONMENT, 78, "the launch does not fit the problem (number of ranks, time left)")                        \
  X(QV_ERR_NUMERIC, 79, "a numerical failure (NaN, lost norm, no convergence)")

typedef enum {
#define QV_CODE_ENUM(name, exit_code, text) name,
  QV_CODE_LIST(QV_CODE_ENUM)
#undef QV_CODE_ENUM
} qv_code;

/* Passes a failure up, unchanged. */
#define QV_TRY(call)                                                                                                   \
  do {                                                                                                                 \
    qv_code qv_try_code_ = (call);                                                                                     \
    if (qv_try_code_ != QV_OK) {                                                                                       \
      return qv_try_code_;                                                                                             \
    }                                                                                                                  \
  } while (0)

/* An internal condition that must hold; failing it is a defect of the program. Local. */
#define QV_REQUIRE(condition)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      return qv_fail(QV_ERR_INTERNAL, "%s:%d: %s does not hold", __FILE__, __LINE__, #condition);                      \
    }                                                                                                                  \
  } while (0)

/* The exit code of the process for a code. Local. */
int qv_code_exit(qv_code code);

/* The name ("QV_ERR_DECK") and the one-line meaning of a code; static strings. Local. */
const char *qv_code_name(qv_code code);
const char *qv_code_text(qv_code code);

/* Records a failure and returns `code`. The first message wins: a record that is already set is kept. The text may
 * hold several lines; it is cut at QV_ERROR_MAX-1 bytes. Local; not to be called inside an OpenMP region. */
#define QV_ERROR_MAX 32768
qv_code qv_fail(qv_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
qv_code qv_vfail(qv_code code, const char *format, va_list args);

/* The record of this rank: its code and its text (""; owned here). Local. */
qv_code qv_error_code(void);
const char *qv_error_text(void);

/* Forgets the record: only for callers that have dealt with the failure (a fall-back was taken). Local. */
void qv_error_clear(void);

#endif
