/* Errors of a deck: kept by position, shown with the line and a mark under the word. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_SHOWN  110 /* characters of a quoted line; longer ones are cut around the mark */
#define LINE_BEFORE 40  /* characters kept before the mark when a line is cut */

int deck_utf8(const char *text, size_t length, uint32_t *code)
{
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *byte = (const unsigned char *)text;
  int bytes = 0;
  if (length == 0) {
    return 0;
  }
  if (byte[0] < 0x80) {
    *code = byte[0];
    return 1;
  }
  bytes = (byte[0] & 0xE0) == 0xC0 ? 2 : (byte[0] & 0xF0) == 0xE0 ? 3 : (byte[0] & 0xF8) == 0xF0 ? 4 : 0;
  if (bytes == 0 || (size_t)bytes > length) {
    return 0;
  }
  *code = byte[0] & (0x7Fu >> bytes);
  for (int i = 1; i < bytes; i++) {
    if ((byte[i] & 0xC0) != 0x80) {
      return 0;
    }
    *code = (*code << 6) | (byte[i] & 0x3Fu);
  }
  if (*code < least[bytes] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF)) {
    return 0;
  }
  return bytes;
}

static bool printable(uint32_t code)
{
  return (code >= 0x20 && code <= 0x7E) ||
         (code >= 0xA0 && code <= 0xFFFD && code != 0xFEFF && code != 0x2028 && code != 0x2029) || code >= 0x10000;
}

uint32_t deck_unprintable(const char *text)
{
  size_t left = strlen(text);
  while (left > 0) {
    uint32_t code = 0;
    const int bytes = deck_utf8(text, left, &code);
    if (bytes == 0 || !printable(code)) {
      return bytes == 0 ? 0xFFFD : code;
    }
    text += bytes;
    left -= (size_t)bytes;
  }
  return 0;
}

/* Copies at most `characters` of the *length bytes at text, with `?` for what a terminal should not get; *length
 * becomes what is left. Returns the bytes written. */
static size_t copy_printable(const char *text, size_t *length, int characters, char *out, size_t size)
{
  size_t used = 0;
  for (int i = 0; i<characters && * length> 0; i++) {
    uint32_t code = 0;
    int bytes = deck_utf8(text, *length, &code);
    const bool fine = bytes > 0 && printable(code);
    bytes = bytes > 0 ? bytes : 1;
    const size_t wanted = fine ? (size_t)bytes : 1;
    if (used + wanted >= size) {
      break;
    }
    memcpy(out + used, fine ? text : "?", wanted);
    used += wanted;
    text += bytes;
    *length -= (size_t)bytes;
  }
  out[used] = '\0';
  return used;
}

static const char *shown(const char *text, int characters, char *out, size_t size)
{
  size_t left = strlen(text);
  const size_t used = copy_printable(text, &left, characters, out, size - 4);
  if (left > 0) {
    memcpy(out + used, "...", 4);
  }
  return out;
}

const char *deck_shown(const char *text, char out[DECK_SHOWN_BYTES])
{
  return shown(text, DECK_MAX_SHOWN, out, DECK_SHOWN_BYTES);
}

const char *deck_shown_file(const char *name, char out[DECK_FILE_BYTES])
{
  return shown(name, DECK_FILE_BYTES, out, DECK_FILE_BYTES);
}

static int compare_marks(deck_mark a, deck_mark b)
{
  const int a_line = a.line == 0 ? INT32_MAX : a.line; /* what concerns a file as a whole comes last */
  const int b_line = b.line == 0 ? INT32_MAX : b.line;
  if (a.source != b.source) {
    return a.source < b.source ? -1 : 1;
  }
  if (a_line != b_line) {
    return a_line < b_line ? -1 : 1;
  }
  return a.column < b.column ? -1 : a.column > b.column;
}

bool deck_report_wants(const qv_deck *deck, deck_mark mark)
{
  const deck_report *report = &deck->report;
  return report->nkept < DECK_MAX_ERRORS || compare_marks(mark, report->kept[DECK_MAX_ERRORS - 1].mark) < 0;
}

/* The start and length of a line of a source. */
static const char *find_line(const deck_source *source, int line, size_t *length)
{
  const char *start = source->text;
  const char *end = source->text + source->length;
  for (int i = 1; i < line; i++) {
    const char *next = memchr(start, '\n', (size_t)(end - start));
    if (!next) {
      break;
    }
    start = next + 1;
  }
  const char *stop = memchr(start, '\n', (size_t)(end - start));
  *length = (size_t)((stop ? stop : end) - start);
  if (*length > 0 && start[*length - 1] == '\r') {
    (*length)--;
  }
  return start;
}

/* Steps over characters; malformed bytes count as one each, as they are shown. */
static const char *skip_characters(const char *text, size_t *length, int characters)
{
  for (int i = 0; i<characters && * length> 0; i++) {
    uint32_t code = 0;
    const int bytes = deck_utf8(text, *length, &code);
    text += bytes > 0 ? bytes : 1;
    *length -= bytes > 0 ? (size_t)bytes : 1;
  }
  return text;
}

static int count_characters(const char *text, size_t length)
{
  int count = 0;
  while (length > 0) {
    text = skip_characters(text, &length, 1);
    count++;
  }
  return count;
}

static void put_quoted_line(const deck_source *source, deck_mark mark, deck_buffer *out)
{
  char visible[LINE_SHOWN * 4 + 1];
  size_t left = 0;
  const char *line = find_line(source, mark.line, &left);
  const bool cut = left > LINE_SHOWN && mark.column - 1 > LINE_SHOWN - LINE_BEFORE;
  const int from = cut ? mark.column - 1 - LINE_BEFORE : 0;
  if (left == 0) {
    return;
  }
  line = skip_characters(line, &left, from);
  const size_t used = copy_printable(line, &left, LINE_SHOWN, visible, sizeof visible);
  const int room = count_characters(visible, used) - (mark.column - 1 - from);
  const int width = mark.width < room ? mark.width : room;
  deck_put(out, "\n%s%s%s\n", cut ? "..." : "", visible, left > 0 ? "..." : "");
  deck_put(out, "%*s~", mark.column - 1 - from + (cut ? 3 : 0), "");
  for (int i = 1; i < width; i++) {
    deck_put(out, "~");
  }
}

void deck_report_compose(const qv_deck *deck, deck_mark mark, const char *hint, const char *text, deck_buffer *out)
{
  const deck_source *source = mark.source >= 0 ? &deck->sources[mark.source] : &deck->sources[0];
  const bool placed = mark.source >= 0 && mark.line > 0;
  deck_put(out, "%s:", source->name);
  if (placed && !source->is_set) {
    deck_put(out, "%d:%d:", mark.line, mark.column);
  }
  deck_put(out, " error: %s", text);
  if (placed) {
    put_quoted_line(source, mark, out);
  }
  if (hint && hint[0]) {
    deck_put(out, "\n%s", hint);
  }
}

static qv_code add_error(qv_deck *deck, deck_mark mark, const char *hint, const char *text)
{
  deck_report *report = &deck->report;
  deck_buffer message = {0};
  const char *kept = NULL;
  int place = report->nkept;
  report->total++;
  if (!deck_report_wants(deck, mark)) {
    return QV_OK;
  }
  deck_report_compose(deck, mark, hint, text, &message);
  qv_code code = message.code;
  if (code == QV_OK) {
    code = deck_take_text(&deck->arena, message.text, message.length, &kept);
  }
  qv_free(&message.text);
  QV_TRY(code);
  if (report->nkept < DECK_MAX_ERRORS) {
    report->nkept++;
  } else {
    place--;
  }
  while (place > 0 && compare_marks(mark, report->kept[place - 1].mark) < 0) {
    report->kept[place] = report->kept[place - 1];
    place--;
  }
  report->kept[place] = (deck_error){.mark = mark, .text = kept};
  return QV_OK;
}

qv_code deck_report_error(qv_deck *deck, deck_mark mark, const char *hint, const char *format, ...)
{
  char text[2048];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return add_error(deck, mark, hint, text);
}

qv_code deck_report_file(qv_deck *deck, deck_mark mark, const char *hint, const char *format, ...)
{
  char text[2048];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  deck->report.files++;
  return add_error(deck, mark, hint, text);
}

void deck_report_all(const qv_deck *deck, deck_buffer *out)
{
  const deck_report *report = &deck->report;
  const int64_t more = report->total - report->nkept;
  for (int i = 0; i < report->nkept; i++) {
    deck_put(out, "%s%s", i > 0 ? "\n" : "", report->kept[i].text);
  }
  if (more > 0) {
    deck_put(out, "\nand %" PRId64 " more %s", more, more == 1 ? "error" : "errors");
  }
}
