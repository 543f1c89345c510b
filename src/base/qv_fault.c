#include "base/qv_fault.h"

#include "base/qv_random.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool qv_fault_armed;

static struct {
  int site;
  int64_t nth;
  bool here, seeded;
  uint64_t seed;
  _Atomic int64_t calls;
} fault;

const char *qv_fault_name(qv_fault_site site)
{
  static const char *const names[] = {
#define QV_FAULT_NAME(name, text) text,
      QV_FAULT_LIST(QV_FAULT_NAME)
#undef QV_FAULT_NAME
  };
  return names[site];
}

static qv_code refuse(const char *specification)
{
  char sites[512] = "";
  for (int i = 0; i < QV_FAULT_COUNT; i++) {
    const size_t used = strlen(sites);
    snprintf(sites + used, sizeof sites - used, "%s%s", i == 0 ? "" : ", ", qv_fault_name((qv_fault_site)i));
  }
  return qv_fail(
      QV_ERR_USAGE,
      "the fault '%s' is not of the form site:nth:rank[:seed], with a rank's number, 'last' or 'all' (sites: "
      "%s)",
      specification, sites);
}

static int find_site(const char *text, size_t length)
{
  for (int i = 0; i < QV_FAULT_COUNT; i++) {
    const char *name = qv_fault_name((qv_fault_site)i);
    if (strlen(name) == length && strncmp(name, text, length) == 0) {
      return i;
    }
  }
  return -1;
}

/* A number >= 0 that ends at a colon or at the end of the text; -1 if there is none. */
static long long read_number(const char *text, char **end)
{
  const long long value = strtoll(text, end, 10);
  return *end == text || value < 0 || (**end != ':' && **end != '\0') ? -1 : value;
}

qv_code qv_fault_setup(const char *specification, int rank, int size)
{
  qv_fault_armed = false;
  if (!specification || specification[0] == '\0') {
    return QV_OK;
  }
  const char *colon = strchr(specification, ':');
  const int site = colon ? find_site(specification, (size_t)(colon - specification)) : -1;
  if (site < 0) {
    return refuse(specification);
  }
  char *end = NULL;
  const long long nth = read_number(colon + 1, &end);
  if (nth < 0 || *end != ':') {
    return refuse(specification);
  }
  const char *who = end + 1;
  const size_t length = strcspn(who, ":");
  long long wanted = rank;
  if (length == 4 && strncmp(who, "last", 4) == 0) {
    wanted = size - 1;
  } else if (!(length == 3 && strncmp(who, "all", 3) == 0)) {
    wanted = read_number(who, &end);
  }
  if (wanted < 0 || wanted > INT_MAX) {
    return refuse(specification);
  }
  fault.seeded = who[length] == ':';
  if (fault.seeded) {
    const long long seed = read_number(who + length + 1, &end);
    if (seed < 0 || *end != '\0' || nth == 0) {
      return refuse(specification);
    }
    fault.seed = (uint64_t)seed;
  }
  fault.site = site;
  fault.nth = nth;
  fault.here = wanted == rank;
  atomic_store(&fault.calls, 0);
  qv_fault_armed = true;
  return QV_OK;
}

int64_t qv_fault_calls(void)
{
  return atomic_load(&fault.calls);
}

const char *qv_fault_counted(int64_t *calls)
{
  *calls = qv_fault_armed && fault.here ? qv_fault_calls() : 0;
  return qv_fault_armed && fault.nth == 0 ? qv_fault_name((qv_fault_site)fault.site) : NULL;
}

bool qv_fault_strikes(qv_fault_site site)
{
  if ((int)site != fault.site) {
    return false;
  }
  const int64_t call = atomic_fetch_add(&fault.calls, 1) + 1;
  if (!fault.here) {
    return false;
  }
  if (fault.seeded) {
    return qv_random_uniform(fault.seed, QV_RANDOM_TEST, (uint64_t)call, 0) * (double)fault.nth < 1.0;
  }
  return call == fault.nth;
}
