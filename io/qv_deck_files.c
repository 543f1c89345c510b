/* Files that a deck is made of or names. Rank 0 looks at each once; the others get the same findings, so that all
 * build the same deck without touching the file system. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define READ_BYTES ((size_t)256 << 10)

qv_code deck_folder(qv_deck *deck, const char *path, const char **out)
{
  const char *slash = strrchr(path, '/');
  const size_t length = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
  return deck_take_text(&deck->arena, path, length, out);
}

qv_code deck_join(qv_deck *deck, const char *folder, const char *name, const char **out)
{
  const size_t length = strlen(folder);
  const bool alone = length == 0 || name[0] == '/';
  const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
  deck_buffer joined = {0};
  deck_put(&joined, "%s%s%s", alone ? "" : folder, alone ? "" : slash, name);
  qv_code code = joined.code;
  if (code == QV_OK) {
    code = deck_take_text(&deck->arena, joined.text, joined.length, out);
  }
  qv_free(&joined.text);
  return code;
}

/* Opens a regular file; a pipe or terminal would make a run depend on who reads it first. */
static int open_regular(const char *path, const char **problem)
{
  struct stat status;
  const int handle = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (handle < 0) {
    *problem = strerror(errno);
    return -1;
  }
  if (fstat(handle, &status) != 0) {
    *problem = strerror(errno);
  } else if (S_ISDIR(status.st_mode)) {
    *problem = "it is a folder";
  } else if (!S_ISREG(status.st_mode)) {
    *problem = "it is not a regular file";
  }
  if (*problem) {
    close(handle);
    return -1;
  }
  return handle;
}

/* Reads all of an open file: into `text` if that is not NULL (at most one byte more than a deck may have, so that the
 * size is refused later), and into the digest. */
static qv_code read_all(int handle, deck_buffer *text, uint64_t *digest, const char **problem)
{
  XXH3_state_t *state = XXH3_createState();
  char *piece = NULL;
  qv_code code = qv_alloc(QV_MEM_IO, READ_BYTES, 1, &piece);
  if (code == QV_OK && !state) {
    code = qv_fail(QV_ERR_MEMORY, "no memory is left to read a file");
  }
  if (code == QV_OK) {
    XXH3_64bits_reset(state);
  }
  while (code == QV_OK) {
    const ssize_t got = read(handle, piece, READ_BYTES);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      *problem = strerror(errno);
    }
    if (got <= 0 || (text && text->length > DECK_MAX_BYTES)) {
      break;
    }
    XXH3_64bits_update(state, piece, (size_t)got);
    if (text) {
      deck_put_bytes(text, piece, (size_t)got);
      code = text->code;
    }
  }
  if (code == QV_OK) {
    *digest = XXH3_64bits_digest(state);
  }
  XXH3_freeState(state);
  qv_free(&piece);
  return code;
}

static qv_code add_entry(qv_deck *deck, deck_file entry, const deck_file **out)
{
  deck_files *files = &deck->files;
  if (files->count == files->capacity) {
    deck_file *grown = NULL;
    const int capacity = files->capacity * 2 + 8;
    QV_TRY(deck_take(&deck->arena, (size_t)capacity, sizeof *grown, &grown));
    if (files->count > 0) {
      memcpy(grown, files->entries, (size_t)files->count * sizeof *grown);
    }
    files->entries = grown;
    files->capacity = capacity;
  }
  files->entries[files->count] = entry;
  *out = &files->entries[files->count++];
  return QV_OK;
}

static qv_code read_entry(qv_deck *deck, const char *path, bool with_text, deck_file *entry)
{
  deck_buffer text = {0};
  const char *problem = NULL;
  const int handle = open_regular(path, &problem);
  qv_code code = QV_OK;
  QV_TRY(deck_take_text(&deck->arena, path, strlen(path), &entry->path));
  if (handle >= 0) {
    code = read_all(handle, with_text ? &text : NULL, &entry->digest, &problem);
    close(handle);
  }
  if (code == QV_OK && problem) {
    code = deck_take_text(&deck->arena, problem, strlen(problem), &entry->problem);
  } else if (code == QV_OK && with_text) {
    entry->length = text.length;
    code = deck_take_text(&deck->arena, text.text ? text.text : "", text.length, &entry->text);
  }
  qv_free(&text.text);
  return code;
}

static qv_code look_at(qv_deck *deck, const char *path, bool with_text, const deck_file **out)
{
  static const deck_file ignored = {.path = "", .text = ""};
  deck_file entry = {0};
  for (int i = 0; i < deck->files.count; i++) {
    const deck_file *known = &deck->files.entries[i];
    if (strcmp(known->path, path) == 0 && (known->text || known->problem || !with_text)) {
      *out = known;
      return QV_OK;
    }
  }
  if (deck->files.mode == DECK_FILES_IGNORE) {
    *out = &ignored;
    return QV_OK;
  }
  if (deck->files.mode == DECK_FILES_TABLE) {
    return qv_fail(QV_ERR_INTERNAL, "rank 0 did not read '%s', which another rank's deck names", path);
  }
  QV_TRY(read_entry(deck, path, with_text, &entry));
  return add_entry(deck, entry, out);
}

qv_code deck_file_text(qv_deck *deck, const char *path, const deck_file **out)
{
  return look_at(deck, path, true, out);
}

qv_code deck_file_digest(qv_deck *deck, const char *path, const deck_file **out)
{
  return look_at(deck, path, false, out);
}

static void pack_text(deck_buffer *out, const char *text, size_t length)
{
  const uint64_t size = text ? (uint64_t)length : UINT64_MAX;
  deck_put_bytes(out, &size, sizeof size);
  deck_put_bytes(out, text ? text : "", text ? length : 0);
}

void deck_files_pack(const deck_files *files, deck_buffer *out)
{
  for (int i = 0; i < files->count; i++) {
    const deck_file *entry = &files->entries[i];
    pack_text(out, entry->path, strlen(entry->path));
    pack_text(out, entry->problem, entry->problem ? strlen(entry->problem) : 0);
    pack_text(out, entry->text, entry->length);
    deck_put_bytes(out, &entry->digest, sizeof entry->digest);
  }
}

static qv_code unpack_text(qv_deck *deck, const char **at, const char *end, const char **text, size_t *length)
{
  uint64_t size = 0;
  QV_REQUIRE((size_t)(end - *at) >= sizeof size);
  memcpy(&size, *at, sizeof size);
  *at += sizeof size;
  *text = NULL;
  *length = 0;
  if (size == UINT64_MAX) {
    return QV_OK;
  }
  QV_REQUIRE(size <= (uint64_t)(end - *at));
  *length = (size_t)size;
  QV_TRY(deck_take_text(&deck->arena, *at, *length, text));
  *at += *length;
  return QV_OK;
}

qv_code deck_files_unpack(qv_deck *deck, const char *bytes, size_t length)
{
  const char *at = bytes;
  const char *end = bytes + length;
  const deck_file *added = NULL;
  size_t ignored = 0;
  while (at < end) {
    deck_file entry = {0};
    QV_TRY(unpack_text(deck, &at, end, &entry.path, &ignored));
    QV_TRY(unpack_text(deck, &at, end, &entry.problem, &ignored));
    QV_TRY(unpack_text(deck, &at, end, &entry.text, &entry.length));
    QV_REQUIRE((size_t)(end - at) >= sizeof entry.digest);
    memcpy(&entry.digest, at, sizeof entry.digest);
    at += sizeof entry.digest;
    QV_TRY(add_entry(deck, entry, &added));
  }
  return QV_OK;
}
