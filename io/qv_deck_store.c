/* Memory of the deck reader: an arena for what lives as long as the deck, and texts that grow. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 << 10)
#define ALIGNMENT   ((size_t)16)

struct deck_block {
  deck_block *next;
  size_t used, bytes;
  size_t padding;
};

_Static_assert(sizeof(deck_block) % ALIGNMENT == 0, "what follows a block's head must be aligned");

qv_code deck_take(deck_arena *arena, size_t count, size_t size, void *out)
{
  void *taken = NULL;
  memcpy(out, &taken, sizeof taken);
  if (count == 0 || size == 0) {
    return QV_OK;
  }
  if (count > SIZE_MAX / 4 / size) {
    return qv_fail(QV_ERR_MEMORY, "deck: %zu items of %zu bytes are more than an address can reach", count, size);
  }
  const size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  deck_block *block = arena->blocks;
  if (!block || block->bytes - block->used < bytes) {
    const size_t space = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
    QV_TRY(qv_alloc(QV_MEM_IO, sizeof *block + space, 1, &block));
    block->bytes = space;
    if (space == bytes && arena->blocks) { /* one large item: the block before still has room for small ones */
      block->next = arena->blocks->next;
      arena->blocks->next = block;
    } else {
      block->next = arena->blocks;
      arena->blocks = block;
    }
  }
  taken = (char *)(block + 1) + block->used;
  block->used += bytes;
  memcpy(out, &taken, sizeof taken);
  return QV_OK;
}

qv_code deck_take_text(deck_arena *arena, const char *text, size_t length, const char **out)
{
  char *copy = NULL;
  QV_TRY(deck_take(arena, length + 1, 1, &copy));
  memcpy(copy, text, length);
  *out = copy;
  return QV_OK;
}

void deck_arena_free(deck_arena *arena)
{
  while (arena->blocks) {
    deck_block *next = arena->blocks->next;
    qv_free(&arena->blocks);
    arena->blocks = next;
  }
}

static bool make_room(deck_buffer *buffer, size_t more)
{
  if (buffer->code != QV_OK) {
    return false;
  }
  if (buffer->capacity - buffer->length <= more) {
    const size_t wanted = (buffer->length + more + 1) * 2;
    const size_t capacity = wanted < 256 ? 256 : wanted;
    buffer->code = qv_realloc(QV_MEM_IO, capacity, 1, &buffer->text);
    if (buffer->code != QV_OK) {
      return false;
    }
    buffer->capacity = capacity;
  }
  return true;
}

void deck_put_bytes(deck_buffer *buffer, const void *bytes, size_t length)
{
  if (make_room(buffer, length)) {
    memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
  }
}

void deck_put_text(deck_buffer *buffer, const char *text)
{
  deck_put_bytes(buffer, text, strlen(text));
}

void deck_put(deck_buffer *buffer, const char *format, ...)
{
  va_list args;
  va_list again;
  va_start(args, format);
  va_copy(again, args);
  const int length = vsnprintf(NULL, 0, format, args);
  if (length >= 0 && make_room(buffer, (size_t)length)) {
    vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, again);
    buffer->length += (size_t)length;
  }
  va_end(again);
  va_end(args);
}
