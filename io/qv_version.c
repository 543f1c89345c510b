/* Version, build and libraries: what does not depend on the deck or the launch. */
#include "io/qv_provenance.h"
#include "qv_build.h"

#include <cjson/cJSON.h>
#include <gsl/gsl_version.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>
#include <yaml.h>

#define REGISTERED_MAX 16
#define TEXT_ROOM      64

static struct {
  const char *name, *version;
} registered[REGISTERED_MAX];
static int nregistered;

const char *qv_version(void)
{
  return QV_BUILD_VERSION;
}

const char *qv_version_commit(void)
{
  return QV_BUILD_COMMIT;
}

void qv_provenance_library(const char *name, const char *version)
{
  for (int i = 0; i < nregistered; i++) {
    if (strcmp(registered[i].name, name) == 0) {
      registered[i].version = version;
      return;
    }
  }
  if (nregistered < REGISTERED_MAX) {
    registered[nregistered].name = name;
    registered[nregistered].version = version;
    nregistered++;
  }
}

static const char *hdf5_version(void)
{
  static char text[TEXT_ROOM];
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
  return text;
}

static const char *xxhash_version(void)
{
  static char text[TEXT_ROOM];
  const unsigned v = XXH_versionNumber();
  snprintf(text, sizeof text, "%u.%u.%u", v / 10000, v / 100 % 100, v % 100);
  return text;
}

static const char *gsl_text(void)
{
  return gsl_version;
}

static const struct {
  const char *name;
  const char *(*version)(void);
} own[] = {{"mpi", qv_parallel_library}, {"hdf5", hdf5_version},   {"libyaml", yaml_get_version_string},
           {"xxhash", xxhash_version},   {"cjson", cJSON_Version}, {"gsl", gsl_text}};
#define OWN ((int)(sizeof own / sizeof own[0]))

int qv_version_libraries(void)
{
  return OWN + nregistered;
}

const char *qv_version_library_name(int i)
{
  return i < OWN ? own[i].name : registered[i - OWN].name;
}

const char *qv_version_library(int i)
{
  return i < OWN ? own[i].version() : registered[i - OWN].version;
}

void qv_version_dependencies(char *text, size_t room)
{
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < qv_version_libraries() && used < room; i++) {
    used += (size_t)snprintf(text + used, room - used, "%s%s@%s", i == 0 ? "" : ";", qv_version_library_name(i),
                             qv_version_library(i));
  }
}
