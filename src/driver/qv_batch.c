/* What the batch system says about the end of the job. */
#define _GNU_SOURCE
#include "driver/qv_stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double qv_batch_parse_time(const char *text)
{
  struct tm parts = {.tm_isdst = -1};
  const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
  if (!end || (*end != '\0' && *end != '\n')) {
    return 0;
  }
  const time_t seconds = mktime(&parts);
  return seconds > 0 ? (double)seconds : 0;
}

/* Older versions of Slurm (before 23.02) do not set SLURM_JOB_END_TIME. */
static double ask_squeue(const char *job)
{
  char command[160];
  char line[64] = "";
  if (strlen(job) > 40 || job[strspn(job, "0123456789_")] != '\0') {
    return 0;
  }
  snprintf(command, sizeof command, "timeout 10 squeue -h -j %s -o %%e 2>/dev/null", job);
  FILE *pipe = popen(command, "r");
  if (!pipe) {
    return 0;
  }
  const bool read = fgets(line, sizeof line, pipe) != NULL;
  pclose(pipe);
  return read ? qv_batch_parse_time(line) : 0;
}

double qv_batch_end(void)
{
  const char *end = getenv("SLURM_JOB_END_TIME");
  const char *job = getenv("SLURM_JOB_ID");
  if (end && *end) {
    const double seconds = strtod(end, NULL);
    if (seconds > 0) {
      return seconds;
    }
  }
  return job && *job ? ask_squeue(job) : 0;
}
