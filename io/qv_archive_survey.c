/* What stands of a file that cannot be opened: each dataset whose bytes still have their digest. */
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "io/qv_posix.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* Whether the range lies in the file and has this digest. */
static bool range_stands(int fd, const char *path, int64_t offset, int64_t bytes, uint64_t digest)
{
  uint64_t found = 0;
  return qv_seal_digest_range(fd, path, offset, bytes, &found) == QV_OK && found == digest;
}

static bool slab_stands(int fd, const char *path, const qv_extent *slab)
{
  const int64_t blocks = qv_seal_blocks(slab->total);
  const int64_t size = (int64_t)qv_type_bytes(slab->type);
  uint64_t *digests = NULL;
  qv_code code = qv_alloc(QV_MEM_BUFFER, (size_t)blocks, sizeof *digests, &digests);
  if (code == QV_OK) {
    code = qv_posix_read(fd, path, slab->digest_offset, digests, (size_t)blocks * sizeof *digests);
  }
  bool good = code == QV_OK;
  for (int64_t b = 0; b < blocks && good; b++) {
    int64_t first = 0, count = 0;
    qv_slab_block(slab->total, b, &first, &count);
    good = range_stands(fd, path, slab->offset + first * size, count * size, digests[b]);
  }
  qv_free(&digests);
  return good;
}

/* The index, if its own digest is right. */
static bool read_index(int fd, const char *path, const qv_seal *seal, qv_index *index)
{
  char *text = NULL;
  bool good = seal->index_bytes > 0 && seal->index_bytes < seal->bytes &&
              qv_alloc(QV_MEM_IO, (size_t)seal->index_bytes + 1, 1, &text) == QV_OK &&
              qv_posix_read(fd, path, seal->index_offset, text, (size_t)seal->index_bytes) == QV_OK &&
              XXH3_64bits(text, (size_t)seal->index_bytes) == seal->index_digest;
  good = good && qv_index_parse(path, text, index) == QV_OK;
  qv_free(&text);
  return good;
}

/* One entry a dataset: it stands if all its ranges do. */
static void add_range(qv_archive_survey *survey, const char *name, bool stands)
{
  for (int i = 0; i < survey->count; i++) {
    if (strcmp(survey->parts[i].name, name) == 0) {
      survey->parts[i].stands = survey->parts[i].stands && stands;
      return;
    }
  }
  snprintf(survey->parts[survey->count].name, sizeof survey->parts->name, "%s", name);
  survey->parts[survey->count++].stands = stands;
}

static void survey_open_file(int fd, const char *path, qv_archive_survey *out)
{
  qv_seal seal;
  qv_index index = {0};
  if (qv_seal_read(fd, path, &seal) != QV_OK) {
    return;
  }
  out->sealed = true;
  out->complete = seal.complete;
  out->bytes = seal.bytes;
  snprintf(out->kind, sizeof out->kind, "%s", seal.kind);
  if (read_index(fd, path, &seal, &index) &&
      qv_alloc(QV_MEM_IO, (size_t)index.count, sizeof *out->parts, &out->parts) == QV_OK) {
    for (int i = 0; i < index.count; i++) {
      const qv_extent *e = &index.extents[i];
      add_range(out, e->name,
                e->slab ? slab_stands(fd, path, e) : range_stands(fd, path, e->offset, e->bytes, e->digest));
    }
    uint64_t rest = 0;
    out->structure = qv_seal_digest_rest(fd, path, &index, &seal, &rest) == QV_OK && rest == seal.rest_digest;
  }
  qv_index_clear(&index);
}

void qv_archive_look(const char *path, qv_archive_survey *out)
{
  int fd = -1;
  *out = (qv_archive_survey){.parts = NULL};
  if (qv_posix_open(path, O_RDONLY, &fd) != QV_OK) {
    return;
  }
  out->size = lseek(fd, 0, SEEK_END);
  survey_open_file(fd, path, out);
  close(fd);
}
