#define _POSIX_C_SOURCE 200809L
#include "io/qv_seal.h"

#include "base/qv_memory.h"
#include "io/qv_hdf5.h"
#include "io/qv_posix.h"
#include "io/qv_provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_LINE   "Qonverge run file: HDF5 after 4096 bytes\n"
#define READ_BYTES   ((size_t)1 << 20)
#define HDF5_SIGN    "\211HDF\r\n\032\n"
#define HDF5_SIGNLEN 8

_Static_assert(QV_SEAL_BYTES == QV_HDF5_USER_BLOCK, "the seal fills the user block");

int64_t qv_seal_blocks(int64_t total)
{
  return (total + QV_SEAL_BLOCK - 1) / QV_SEAL_BLOCK;
}

void qv_seal_format(const qv_seal *seal, char text[QV_SEAL_BYTES])
{
  memset(text, 0, QV_SEAL_BYTES);
  const int length = snprintf(text, QV_SEAL_BYTES,
                              FIRST_LINE "format %d\nkind %s\ncomplete %d\nowner %s\nbytes %" PRId64 "\nindex %" PRId64
                                         " %" PRId64 " %016" PRIx64 "\nrest %016" PRIx64 "\n",
                              seal->format, seal->kind, seal->complete ? 1 : 0, seal->owner, seal->bytes,
                              seal->index_offset, seal->index_bytes, seal->index_digest, seal->rest_digest);
  snprintf(text + length, (size_t)(QV_SEAL_BYTES - length), "seal %016" PRIx64 "\n",
           (uint64_t)XXH3_64bits(text, (size_t)length));
}

/* HDF5 looks for its signature at 0, 512, 1024, 2048 and so on. */
static qv_code fail_foreign(int fd, const char *path, int64_t bytes)
{
  for (int64_t at = 0; at + HDF5_SIGNLEN <= bytes; at = at == 0 ? 512 : 2 * at) {
    char found[HDF5_SIGNLEN];
    QV_TRY(qv_posix_read(fd, path, at, found, sizeof found));
    if (memcmp(found, HDF5_SIGN, HDF5_SIGNLEN) == 0) {
      return qv_fail(QV_ERR_INPUT, "%s: an HDF5 file, but not one that Qonverge wrote", path);
    }
  }
  return qv_fail(QV_ERR_INPUT, "%s: not an HDF5 file", path);
}

/* The digest line must be right and nothing may follow it, before any other line is believed. */
static bool seal_is_whole(const char text[QV_SEAL_BYTES])
{
  char expected[32];
  const size_t length = strnlen(text, QV_SEAL_BYTES);
  const size_t line = strlen("seal 0123456789abcdef\n");
  if (length < line || length == QV_SEAL_BYTES) {
    return false;
  }
  snprintf(expected, sizeof expected, "seal %016" PRIx64 "\n", (uint64_t)XXH3_64bits(text, length - line));
  if (memcmp(text + length - line, expected, line) != 0) {
    return false;
  }
  for (size_t i = length; i < QV_SEAL_BYTES; i++) {
    if (text[i] != '\0') {
      return false;
    }
  }
  return true;
}

static qv_code fail_damaged_seal(const char *path)
{
  return qv_fail(QV_ERR_INPUT, "%s: damaged: its first %d bytes (the seal) differ from their digest", path,
                 QV_SEAL_BYTES);
}

qv_code qv_seal_read(int fd, const char *path, qv_seal *seal)
{
  char text[QV_SEAL_BYTES] = "";
  char again[QV_SEAL_BYTES];
  int64_t bytes = 0;
  int complete = 0;
  const int64_t mark = (int64_t)strlen(FIRST_LINE);
  memset(seal, 0, sizeof *seal);
  QV_TRY(qv_posix_size(fd, path, &bytes));
  if (bytes == 0) {
    return qv_fail(QV_ERR_INPUT, "%s: the file is empty", path);
  }
  QV_TRY(qv_posix_read(fd, path, 0, text, (size_t)(bytes < QV_SEAL_BYTES ? bytes : QV_SEAL_BYTES)));
  if (memcmp(text, FIRST_LINE, (size_t)(bytes < mark ? bytes : mark)) != 0) {
    return fail_foreign(fd, path, bytes);
  }
  if (bytes < QV_SEAL_BYTES) {
    return qv_fail(QV_ERR_INPUT, "%s: truncated: only %" PRId64 " bytes are there", path, bytes);
  }
  if (!seal_is_whole(text)) {
    return fail_damaged_seal(path);
  }
  if (sscanf(text + mark, "format %d", &seal->format) != 1) {
    return fail_damaged_seal(path);
  }
  if (seal->format > QV_SEAL_FORMAT) {
    return qv_fail(QV_ERR_INPUT,
                   "%s: written in format %d by a newer Qonverge; this one (%s) reads formats up to %d: use the newer "
                   "program",
                   path, seal->format, qv_version(), QV_SEAL_FORMAT);
  }
  if (sscanf(text + mark,
             "format %*d\nkind %31[^\n]\ncomplete %d\nowner %319[^\n]\nbytes %" SCNd64 "\nindex %" SCNd64 " %" SCNd64
             " %" SCNx64 "\nrest %" SCNx64,
             seal->kind, &complete, seal->owner, &seal->bytes, &seal->index_offset, &seal->index_bytes,
             &seal->index_digest, &seal->rest_digest) != 8) {
    return fail_damaged_seal(path);
  }
  seal->complete = complete == 1;
  qv_seal_format(seal, again);
  return memcmp(text, again, QV_SEAL_BYTES) == 0 ? QV_OK : fail_damaged_seal(path);
}

qv_code qv_seal_check(int fd, const char *path, const qv_seal *seal, const char *kind)
{
  int64_t bytes = 0;
  QV_TRY(qv_posix_size(fd, path, &bytes));
  if (kind && strcmp(kind, seal->kind) != 0) {
    return qv_fail(QV_ERR_INPUT, "%s: this is a %s file, but a %s file is needed", path, seal->kind, kind);
  }
  if (!seal->complete) {
    return qv_fail(QV_ERR_INPUT, "%s: incomplete: the run that wrote this file ended before it was whole", path);
  }
  if (bytes < seal->bytes) {
    return qv_fail(QV_ERR_INPUT, "%s: truncated: %" PRId64 " bytes of %" PRId64 " are there", path, bytes, seal->bytes);
  }
  if (bytes > seal->bytes) {
    return qv_fail(QV_ERR_INPUT, "%s: damaged: the file has %" PRId64 " bytes more than were written", path,
                   bytes - seal->bytes);
  }
  const bool inside =
      seal->index_offset >= QV_SEAL_BYTES && seal->index_bytes >= 0 && seal->index_offset <= bytes - seal->index_bytes;
  return inside ? QV_OK : fail_damaged_seal(path);
}

qv_code qv_index_add(qv_index *index, const qv_extent *extent)
{
  qv_extent copy = *extent;
  if (index->count == index->room) {
    const int room = index->room == 0 ? 16 : 2 * index->room;
    QV_TRY(qv_realloc(QV_MEM_IO, (size_t)room, sizeof *index->extents, &index->extents));
    index->room = room;
  }
  QV_TRY(qv_strdup(QV_MEM_IO, extent->name, &copy.name));
  index->extents[index->count++] = copy;
  return QV_OK;
}

void qv_index_clear(qv_index *index)
{
  for (int i = 0; i < index->count; i++) {
    qv_free(&index->extents[i].name);
  }
  qv_free(&index->extents);
  index->count = index->room = 0;
}

qv_code qv_index_format(const qv_index *index, char **text)
{
  size_t room = 1;
  for (int i = 0; i < index->count; i++) {
    room += strlen(index->extents[i].name) + 96;
  }
  QV_TRY(qv_alloc(QV_MEM_IO, room, 1, text));
  char *at = *text;
  for (int i = 0; i < index->count; i++) {
    const qv_extent *e = &index->extents[i];
    const size_t left = room - (size_t)(at - *text);
    if (e->slab) {
      at += snprintf(at, left, "slab %" PRId64 " %" PRId64 " %s %" PRId64 " %s\n", e->offset, e->total,
                     qv_hdf5_type_name(e->type), e->digest_offset, e->name);
    } else {
      at += snprintf(at, left, "data %" PRId64 " %" PRId64 " %016" PRIx64 " %s\n", e->offset, e->bytes, e->digest,
                     e->name);
    }
  }
  return QV_OK;
}

static bool parse_line(const char *line, qv_extent *extent, int *name)
{
  char type[8] = "";
  *name = -1;
  if (sscanf(line, "slab %" SCNd64 " %" SCNd64 " %7s %" SCNd64 " %n", &extent->offset, &extent->total, type,
             &extent->digest_offset, name) == 4 &&
      *name > 0 && qv_hdf5_type_find(type, &extent->type)) {
    extent->slab = true;
    extent->bytes = extent->total * (int64_t)qv_type_bytes(extent->type);
    return true;
  }
  return sscanf(line, "data %" SCNd64 " %" SCNd64 " %" SCNx64 " %n", &extent->offset, &extent->bytes, &extent->digest,
                name) == 3 &&
         *name > 0;
}

qv_code qv_index_parse(const char *path, const char *text, qv_index *index)
{
  while (*text != '\0') {
    qv_extent extent = {0};
    int name = 0;
    const char *end = strchr(text, '\n');
    if (!end || !parse_line(text, &extent, &name) || text + name >= end) {
      return qv_fail(QV_ERR_INPUT, "%s: damaged: its index cannot be read", path);
    }
    const size_t length = (size_t)(end - text - name);
    QV_TRY(qv_alloc(QV_MEM_IO, length + 1, 1, &extent.name));
    memcpy(extent.name, text + name, length);
    const qv_code code = qv_index_add(index, &extent);
    qv_free(&extent.name);
    QV_TRY(code);
    text = end + 1;
  }
  return QV_OK;
}

/* Feeds a range of the file to a running digest through a buffer. */
static qv_code digest_part(int fd, const char *path, int64_t offset, int64_t bytes, XXH3_state_t *state, char *buffer,
                           size_t room)
{
  while (bytes > 0) {
    const size_t part = bytes < (int64_t)room ? (size_t)bytes : room;
    QV_TRY(qv_posix_read(fd, path, offset, buffer, part));
    XXH3_64bits_update(state, buffer, part);
    offset += (int64_t)part;
    bytes -= (int64_t)part;
  }
  return QV_OK;
}

/* Digest of several ranges in a row. */
static qv_code digest_parts(int fd, const char *path, const int64_t (*parts)[2], int count, uint64_t *digest)
{
  char *buffer = NULL;
  size_t room = 1; /* of the longest range, but not more than READ_BYTES: most are small, and there are many */
  XXH3_state_t *state = XXH3_createState();
  qv_code code = state ? QV_OK : qv_fail(QV_ERR_MEMORY, "no memory is left for a digest");
  for (int i = 0; i < count && room < READ_BYTES; i++) {
    room = parts[i][1] > (int64_t)READ_BYTES ? READ_BYTES : parts[i][1] > (int64_t)room ? (size_t)parts[i][1] : room;
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_BUFFER, room, 1, &buffer);
  }
  if (code == QV_OK) {
    XXH3_64bits_reset(state);
  }
  for (int i = 0; i < count && code == QV_OK; i++) {
    code = digest_part(fd, path, parts[i][0], parts[i][1], state, buffer, room);
  }
  *digest = code == QV_OK ? (uint64_t)XXH3_64bits_digest(state) : 0;
  qv_free(&buffer);
  XXH3_freeState(state);
  return code;
}

qv_code qv_seal_digest_range(int fd, const char *path, int64_t offset, int64_t bytes, uint64_t *digest)
{
  const int64_t part[1][2] = {{offset, bytes}};
  return digest_parts(fd, path, part, 1, digest);
}

static int by_offset(const void *left, const void *right)
{
  const int64_t *a = left, *b = right;
  return (*a > *b) - (*a < *b);
}

qv_code qv_seal_digest_rest(int fd, const char *path, const qv_index *index, const qv_seal *seal, uint64_t *digest)
{
  int64_t(*parts)[2] = NULL;
  const int count = index->count + 1;
  int64_t at = QV_SEAL_BYTES;
  QV_TRY(qv_alloc(QV_MEM_IO, (size_t)count + 1, sizeof *parts, &parts));
  for (int i = 0; i < index->count; i++) {
    parts[i][0] = index->extents[i].offset;
    parts[i][1] = index->extents[i].bytes;
  }
  parts[index->count][0] = seal->index_offset;
  parts[index->count][1] = seal->index_bytes;
  qsort(parts, (size_t)count, sizeof *parts, by_offset);
  /* The gaps between the ranges, in place: gap i ends where range i starts. */
  qv_code code = QV_OK;
  for (int i = 0; i < count && code == QV_OK; i++) {
    const int64_t start = parts[i][0], bytes = parts[i][1];
    if (start < at || bytes < 0 || bytes > seal->bytes - start) {
      code = qv_fail(QV_ERR_INPUT, "%s: damaged: its index does not fit the file", path);
    }
    parts[i][0] = at;
    parts[i][1] = start - at;
    at = start + bytes;
  }
  parts[count][0] = at;
  parts[count][1] = seal->bytes - at;
  if (code == QV_OK) {
    code = digest_parts(fd, path, (const int64_t(*)[2])parts, count + 1, digest);
  }
  qv_free(&parts);
  return code;
}
