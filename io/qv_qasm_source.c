/* Texts, the messages that point into them, and the arena that holds what is read. */
#include "io/qv_qasm_private.h"

#include "base/qv_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 << 10)
#define SHOWN       100 /* characters of a line that a message shows */

struct qasm_block {
  qasm_block *older;
  size_t used, size;
  _Alignas(16) unsigned char bytes[];
};

qv_code qasm_take(qasm_arena *arena, int64_t count, size_t size, void *out)
{
  void *found = NULL;
  QV_REQUIRE(count >= 0 && (size == 0 || (uint64_t)count <= SIZE_MAX / 2 / size));
  const size_t bytes = ((size_t)count * size + 15) & ~(size_t)15;
  if (!arena->blocks || bytes > arena->blocks->size - arena->blocks->used) {
    qasm_block *block = NULL;
    const size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof *block + room, &block));
    block->older = arena->blocks;
    block->size = room;
    arena->blocks = block;
  }
  found = arena->blocks->bytes + arena->blocks->used;
  arena->blocks->used += bytes;
  memset(found, 0, bytes);
  memcpy(out, &found, sizeof found);
  return QV_OK;
}

void qasm_arena_reset(qasm_arena *arena)
{
  while (arena->blocks && arena->blocks->older) {
    qasm_block *older = arena->blocks->older;
    qv_free(&arena->blocks);
    arena->blocks = older;
  }
  if (arena->blocks) {
    arena->blocks->used = 0;
  }
}

qasm_mark qasm_arena_mark(const qasm_arena *arena)
{
  return (qasm_mark){.block = arena->blocks, .used = arena->blocks ? arena->blocks->used : 0};
}

void qasm_arena_release(qasm_arena *arena, qasm_mark mark)
{
  while (arena->blocks != mark.block) {
    qasm_block *older = arena->blocks->older;
    if (!older && !mark.block) { /* the first block stays for the next use */
      arena->blocks->used = 0;
      return;
    }
    qv_free(&arena->blocks);
    arena->blocks = older;
  }
  if (arena->blocks) {
    arena->blocks->used = mark.used;
  }
}

void qasm_arena_free(qasm_arena *arena)
{
  qasm_arena_reset(arena);
  qv_free(&arena->blocks);
}

qv_code qasm_reserve(void *array, int64_t *capacity, int64_t need, size_t size)
{
  if (need > *capacity) {
    int64_t grown = *capacity < 16 ? 16 : *capacity + *capacity / 2;
    if (grown < need) {
      grown = need;
    }
    QV_TRY(qv_realloc(QV_MEM_IO, (size_t)grown, size, array));
    *capacity = grown;
  }
  return QV_OK;
}

qv_code qasm_source_add(qasm_sources *sources, const char *name, const char *path, const char *text, size_t length,
                        int *index)
{
  size_t total = length;
  for (int i = 0; i < sources->n; i++) {
    total += sources->file[i].length;
  }
  if (sources->n == QASM_MAX_FILES) {
    return qv_fail(QV_ERR_INPUT, "%s: more than %d files are included", name, QASM_MAX_FILES);
  }
  if (total > QASM_MAX_BYTES) {
    return qv_fail(QV_ERR_INPUT, "%s: more than %zu MiB of OpenQASM text", name, QASM_MAX_BYTES >> 20);
  }
  qasm_source *source = &sources->file[sources->n];
  QV_TRY(qv_strdup(QV_MEM_IO, name, &source->name));
  *index = sources->n++;
  QV_TRY(qv_strdup(QV_MEM_IO, path, &source->path));
  QV_TRY(qv_alloc(QV_MEM_IO, length + 1, 1, &source->text));
  if (length > 0) {
    memcpy(source->text, text, length);
  }
  source->length = length;
  return QV_OK;
}

/* The whole of an open file into *text (of qv_alloc). */
static qv_code slurp(FILE *file, const char *name, char **text, size_t *length)
{
  int64_t capacity = 0;
  *length = 0;
  for (size_t got = 1; got > 0;) {
    if (*length > QASM_MAX_BYTES) {
      return qv_fail(QV_ERR_INPUT, "%s: more than %zu MiB of OpenQASM text", name, QASM_MAX_BYTES >> 20);
    }
    QV_TRY(qasm_reserve(text, &capacity, (int64_t)*length + 65536, 1));
    got = fread(*text + *length, 1, (size_t)capacity - *length, file);
    *length += got;
  }
  if (ferror(file)) {
    return qv_fail(QV_ERR_INPUT, "%s: cannot be read: %s", name, strerror(errno));
  }
  return QV_OK;
}

qv_code qasm_source_load(qasm_sources *sources, const char *said, const char *path, int *index)
{
  char *text = NULL;
  size_t length = 0;
  FILE *file = fopen(path, "rb");
  if (!file) {
    return qv_fail(QV_ERR_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
  }
  qv_code code = slurp(file, said, &text, &length);
  fclose(file);
  if (code == QV_OK) {
    code = qasm_source_add(sources, said, path, text, length, index);
  }
  qv_free(&text);
  return code;
}

void qasm_sources_free(qasm_sources *sources)
{
  for (int i = 0; i < sources->n; i++) {
    qv_free(&sources->file[i].name);
    qv_free(&sources->file[i].path);
    qv_free(&sources->file[i].text);
  }
  sources->n = 0;
}

/* ---- messages ---- */

static bool is_word(unsigned char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

static bool starts_character(char c)
{
  return ((unsigned char)c & 0xc0) != 0x80;
}

/* Start and end of line `line` (from 1) of a text. */
static void find_line(const qasm_source *source, int line, const char **start, const char **end)
{
  const char *stop = source->text + source->length;
  const char *at = source->text;
  for (int i = 1; i < line && at < stop; i++) {
    const char *newline = memchr(at, '\n', (size_t)(stop - at));
    at = newline ? newline + 1 : stop;
  }
  const char *newline = memchr(at, '\n', (size_t)(stop - at));
  *start = at;
  *end = newline ? newline : stop;
  if (*end > *start && (*end)[-1] == '\r') {
    (*end)--;
  }
}

/* Bytes of the word, number, or sign that starts at `at`. */
static size_t word_length(const char *at, const char *end)
{
  size_t n = 0;
  while (at + n < end && (is_word((unsigned char)at[n]) || (n > 0 && at[n] == '.' && at[0] >= '0' && at[0] <= '9'))) {
    n++;
  }
  while (n < 3 && at + n < end && strchr("=<>&|*+-", at[n]) && strchr("=<>!&|*+-", at[0])) {
    n++;
  }
  return n > 0 ? n : 1;
}

/* "  the line\n  ^~~~" around byte `column` (from 0) of the line, cut to SHOWN characters. */
static void draw(const char *start, const char *end, size_t column, char *out, size_t size)
{
  size_t n = 0, shown = 0, before = 0;
  const char *mark = start + column < end ? start + column : end;
  const char *from = mark;
  for (int back = 0; from > start && back < SHOWN * 3 / 5; back++) {
    do {
      from--;
    } while (from > start && !starts_character(*from));
  }
  const size_t width = word_length(mark, end);
  size_t stroke = 0;
  out[n++] = ' ';
  out[n++] = ' ';
  for (const char *at = from; at < end && n + 8 < size / 2; at++) {
    if (starts_character(*at) && shown++ == SHOWN) {
      break;
    }
    before += at < mark && starts_character(*at);
    stroke += at >= mark && at < mark + width && starts_character(*at);
    const bool control = (unsigned char)*at < 0x20 || *at == 0x7f;
    out[n++] = control ? ' ' : *at;
  }
  out[n++] = '\n';
  for (size_t i = 0; i < before + 2 && n + 2 < size; i++) {
    out[n++] = ' ';
  }
  out[n++] = '^';
  for (size_t i = 1; i < stroke && n + 2 < size; i++) {
    out[n++] = '~';
  }
  out[n] = '\0';
}

qv_code qasm_vfail_at(const qasm_sources *sources, qv_qasm_place place, qv_code code, const char *cure,
                      const char *format, va_list args)
{
  char text[1024], picture[1024];
  const char *start = NULL, *end = NULL;
  int column = 1;
  vsnprintf(text, sizeof text, format, args);
  if (!sources || place.line == 0 || place.file >= sources->n) {
    return qv_fail(code, "error: %s", text);
  }
  const qasm_source *source = &sources->file[place.file];
  find_line(source, place.line, &start, &end);
  for (const char *at = start; at < end && at < start + place.column - 1; at++) {
    column += starts_character(*at);
  }
  draw(start, end, (size_t)(place.column - 1), picture, sizeof picture);
  const bool cured = cure && cure[0];
  return qv_fail(code, "%s:%d:%d: error: %s\n%s%s%s", source->name, place.line, column, text, picture,
                 cured ? "\n  " : "", cured ? cure : "");
}

int qasm_distance(const char *a, const char *b, int limit)
{
  enum { MAX = 32 };
  int row[3][MAX + 1];
  const int na = strlen(a) > MAX ? MAX + 1 : (int)strlen(a), nb = strlen(b) > MAX ? MAX + 1 : (int)strlen(b);
  if (na > MAX || nb > MAX || na - nb > limit || nb - na > limit) {
    return limit + 1;
  }
  for (int j = 0; j <= nb; j++) {
    row[0][j] = j;
  }
  for (int i = 1; i <= na; i++) {
    int *now = row[i % 3];
    const int *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= nb; j++) {
      int best = last[j - 1] + (a[i - 1] != b[j - 1]);
      best = last[j] + 1 < best ? last[j] + 1 : best;
      best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best) {
        best = before[j - 2] + 1;
      }
      now[j] = best;
    }
  }
  return row[na % 3][nb] > limit ? limit + 1 : row[na % 3][nb];
}
