#define _POSIX_C_SOURCE 200809L
#include "io/qv_provenance.h"

#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "io/qv_archive_internal.h"
#include "qv_build.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_ROOM 512

static char command_line[4096];

void qv_provenance_command_line(int argc, char *const *argv)
{
  size_t used = 0;
  for (int i = 0; i < argc && used < sizeof command_line; i++) {
    /* Quotes where a shell would need them, so that the line can be pasted. */
    const bool plain = argv[i][0] != '\0' && strpbrk(argv[i], " \t\n'\"\\$`*?[]{}()<>|&;~#!") == NULL;
    used += (size_t)snprintf(command_line + used, sizeof command_line - used, "%s%s%s%s", i == 0 ? "" : " ",
                             plain ? "" : "'", argv[i], plain ? "" : "'");
  }
}

/* The program and how it was built; then come the libraries; then where and how it was started. */
typedef enum {
  ITEM_CREATOR,
  ITEM_VERSION,
  ITEM_GIT,
  ITEM_COMPILER,
  ITEM_FLAGS,
  ITEM_HOST,
  ITEM_RANKS,
  ITEM_THREADS,
  ITEM_JOB,
  ITEM_UTC,
  ITEM_COMMAND,
  ITEM_DECK,
  ITEM_HASH,
  ITEMS
} item;

static const char *const names[ITEMS] = {"creator", "version", "git", "compiler",     "flags", "host",     "ranks",
                                         "threads", "job_id",  "utc", "command_line", "deck",  "deck_hash"};
#define PROGRAM ((int)ITEM_HOST)
#define LAUNCH  ((int)ITEMS - PROGRAM)

/* Each item has its own room, so that a value lasts until the same item is asked for again. */
static const char *item_value(item which, const qv_comm *comm, const qv_deck *deck)
{
  static char texts[ITEMS][VALUE_ROOM];
  char *text = texts[which];
  switch (which) {
  case ITEM_CREATOR:
    return "Qonverge";
  case ITEM_VERSION:
    return qv_version();
  case ITEM_GIT:
    return qv_version_commit();
  case ITEM_COMPILER:
    return QV_BUILD_COMPILER;
  case ITEM_FLAGS:
    return QV_BUILD_FLAGS;
  case ITEM_HOST:
    gethostname(text, VALUE_ROOM - 1);
    break;
  case ITEM_RANKS:
    snprintf(text, VALUE_ROOM, "%d", qv_comm_size(comm));
    break;
  case ITEM_THREADS:
    snprintf(text, VALUE_ROOM, "%d", omp_get_max_threads());
    break;
  case ITEM_JOB:
    return getenv("SLURM_JOB_ID") ? getenv("SLURM_JOB_ID") : "";
  case ITEM_UTC:
    qv_clock_utc(qv_clock_epoch(), text);
    break;
  case ITEM_COMMAND:
    return command_line;
  case ITEM_DECK:
    return deck ? qv_deck_name(deck) : "";
  case ITEM_HASH:
    if (!deck) {
      return "";
    }
    snprintf(text, VALUE_ROOM, "%016" PRIx64, qv_deck_hash(deck));
    break;
  case ITEMS: /* not an item */
    break;
  }
  return text;
}

int qv_provenance_count(void)
{
  return PROGRAM + qv_version_libraries() + LAUNCH;
}

const char *qv_provenance_name(int i)
{
  const int libraries = qv_version_libraries();
  if (i < PROGRAM) {
    return names[i];
  }
  return i < PROGRAM + libraries ? qv_version_library_name(i - PROGRAM) : names[i - libraries];
}

const char *qv_provenance_value(int i, const qv_comm *comm, const qv_deck *deck)
{
  const int libraries = qv_version_libraries();
  if (i < PROGRAM) {
    return item_value((item)i, comm, deck);
  }
  return i < PROGRAM + libraries ? qv_version_library(i - PROGRAM) : item_value((item)(i - libraries), comm, deck);
}

qv_code qv_provenance_write(qv_archive *archive, const qv_comm *comm, const qv_deck *deck)
{
  for (int i = 0; i < qv_provenance_count(); i++) {
    QV_TRY(qv_archive_put_attribute(archive, "meta", qv_provenance_name(i), qv_provenance_value(i, comm, deck)));
  }
  if (!deck) {
    return QV_OK;
  }
  QV_TRY(qv_archive_put_text(archive, "meta/deck", qv_deck_text(deck), "The merged deck; it reads back to this run"));
  return qv_archive_put_text(archive, "meta/echo", qv_deck_echo(deck),
                             "Every key of the deck with its effective value and where it came from");
}

void qv_provenance_print(const qv_comm *comm, const qv_deck *deck)
{
  for (int i = 0; i < qv_provenance_count(); i++) {
    const char *value = qv_provenance_value(i, comm, deck);
    if (value[0] != '\0') {
      qv_log(QV_LOG_INFO, "  %-12s = %s", qv_provenance_name(i), value);
    }
  }
}
