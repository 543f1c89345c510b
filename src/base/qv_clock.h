/* Clocks and timers. Seconds everywhere. */
#ifndef QV_CLOCK_H
#define QV_CLOCK_H

#include <stdint.h>

/* Seconds of a clock that never steps back. Local. */
double qv_clock_now(void);

/* What qv_clock_now() was when this process began, before its libraries were loaded: the system's own record, to 10 ms.
 * Where there is none, or this process was another program for more than 5 s before (a shell that called exec), it is
 * the time of this call. Local. */
double qv_clock_process_start(void);

/* Processor seconds of this process, all its threads. Local. */
double qv_clock_cpu(void);

/* Seconds since 1970 (UTC). Local. */
double qv_clock_epoch(void);

/* "2026-11-21T10:55:03Z" for a time of qv_clock_epoch, into `out` of 32 bytes. Local. */
void qv_clock_utc(double epoch, char out[32]);

/* A duration in the shortest of the forms "0.42 s", "12.3 s", "4m07s", "1h18m", "3d04h", into `out` of 32. Local. */
void qv_clock_duration(double seconds, char out[32]);

/* One named timer; the table of all is written at the end of a run. Timers with the same name are the same timer;
 * at most QV_TIMER_MAX names. Only the main thread uses them. */
#define QV_TIMER_MAX 64
typedef struct {
  const char *name;
  int64_t calls;
  double seconds;
  double bytes;   /* moved through memory or network, as far as its caller says */
  double started; /* <0: not running */
} qv_timer;

/* The timer of a name (a string that outlives the program, usually a literal). Local. */
qv_timer *qv_timer_get(const char *name);
void qv_timer_start(qv_timer *timer);
void qv_timer_stop(qv_timer *timer);

/* The number of timers, and the i-th one in order of first use. Local. */
int qv_timer_count(void);
const qv_timer *qv_timer_at(int i);

#endif
