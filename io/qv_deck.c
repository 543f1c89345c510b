/* Reading a deck on all ranks, and asking it for values. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <stdio.h>
#include <string.h>

#define MAX_INCLUDES 64

/* ---- building ---- */

static qv_code create(const qv_schema *schema, deck_files_mode mode, qv_deck **out)
{
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof **out, out));
  (*out)->schema = schema;
  (*out)->task = -1;
  (*out)->files.mode = mode;
  return QV_OK;
}

void qv_deck_destroy(qv_deck **deck)
{
  if (!*deck) {
    return;
  }
  deck_arena_free(&(*deck)->arena);
  qv_free(&(*deck)->echo);
  qv_free(&(*deck)->text);
  qv_free(deck);
}

static qv_code add_source(qv_deck *deck, deck_source source)
{
  if (deck->nsources == deck->source_capacity) {
    deck_source *grown = NULL;
    const int capacity = deck->source_capacity * 2 + 8;
    QV_TRY(deck_take(&deck->arena, (size_t)capacity, sizeof *grown, &grown));
    if (deck->nsources > 0) {
      memcpy(grown, deck->sources, (size_t)deck->nsources * sizeof *grown);
    }
    deck->sources = grown;
    deck->source_capacity = capacity;
  }
  deck->sources[deck->nsources++] = source;
  return QV_OK;
}

/* A file as a source (its text without a byte order mark), and its tree, NULL if it has none. */
static qv_code add_file(qv_deck *deck, deck_source source, deck_node **root)
{
  bool sound = false;
  if (source.length >= 3 && memcmp(source.text, "\xEF\xBB\xBF", 3) == 0) {
    source.text += 3;
    source.length -= 3;
  }
  QV_TRY(add_source(deck, source));
  const int index = deck->nsources - 1;
  *root = NULL;
  QV_TRY(deck_scan(deck, index, &sound));
  if (sound) {
    QV_TRY(deck_yaml(deck, index, source.text, source.length, 0, true, root));
  }
  deck->incomplete = deck->incomplete || !*root;
  return QV_OK;
}

static const deck_node *include_node(const deck_node *root)
{
  for (const deck_node *child = root ? root->first : NULL; child; child = child->next) {
    if (strcmp(child->key, "include") == 0) {
      return child;
    }
  }
  return NULL;
}

static qv_code add_include(qv_deck *deck, const deck_node *node, deck_node **root)
{
  const deck_file *file = NULL;
  deck_source source = {0};
  const char *main_folder = deck->sources[0].folder;
  char shown[DECK_FILE_BYTES];
  QV_TRY(deck_join(deck, main_folder, node->text, &source.name));
  QV_TRY(deck_folder(deck, source.name, &source.folder));
  QV_TRY(deck_folder(deck, node->text, &source.prefix));
  QV_TRY(deck_file_text(deck, source.name, &file));
  if (file->problem) {
    deck->incomplete = true;
    return deck_report_file(deck, node->mark, "names of included files are relative to the folder of the deck",
                            "cannot read '%s': %s", deck_shown_file(source.name, shown), file->problem);
  }
  source.text = file->text;
  source.length = file->length;
  QV_TRY(add_file(deck, source, root));
  const deck_node *again = include_node(*root);
  return again ? deck_report_error(deck, again->key_mark, "name all files in the deck itself",
                                   "an included file cannot include others")
               : QV_OK;
}

static qv_code add_includes(qv_deck *deck, const deck_node *list, deck_node **roots)
{
  if (list->kind == DECK_BROKEN) {
    return QV_OK;
  }
  if (list->kind != DECK_LIST) {
    char shown[DECK_SHOWN_BYTES];
    char hint[DECK_SHOWN_BYTES * 2] = "write include: [file.yaml]";
    deck->incomplete = true;
    if (list->kind == DECK_SCALAR && list->text[0]) {
      snprintf(hint, sizeof hint, "write include: [%s]", deck_shown(list->text, shown));
    }
    return deck_report_error(deck, list->key_mark, hint, "'include' must be a list of files");
  }
  if (list->count > MAX_INCLUDES) {
    deck->incomplete = true;
    return deck_report_error(deck, list->key_mark, "put several of them into one file",
                             "'include' lists %d files; at most %d are read", list->count, MAX_INCLUDES);
  }
  for (const deck_node *child = list->first; child; child = child->next) {
    if (child->kind == DECK_SCALAR && child->text[0]) {
      const int before = deck->nsources;
      deck_node *root = NULL;
      QV_TRY(add_include(deck, child, &root));
      if (deck->nsources > before) {
        roots[deck->nsources - 1] = root;
      }
    } else if (child->kind != DECK_BROKEN) {
      QV_TRY(deck_report_error(deck, child->mark, "write include: [file.yaml]",
                               "each entry of 'include' must be the name of a file"));
    }
  }
  return QV_OK;
}

/* The length of the path before the '=' of an override, or 0 if it is malformed: names of letters, digits, `_` and
 * `-`, a record's number in brackets, dots between them. */
static size_t override_path(const char *text)
{
  const size_t length = strcspn(text, "=");
  const size_t legal = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.[]");
  if (text[length] != '=' || legal != length || length == 0 || length >= DECK_MAX_PATH || text[0] == '.' ||
      text[length - 1] == '.') {
    return 0;
  }
  return strstr(text, "..") && strstr(text, "..") < text + length ? 0 : length;
}

/* An override becomes a source of its own and a node whose key is the whole path. */
static qv_code add_override(qv_deck *deck, const char *text, deck_node **root)
{
  const size_t length = override_path(text);
  const size_t whole = strlen(text);
  deck_source source = {.name = "--set", .folder = deck->sources[0].folder, .prefix = "", .is_set = true};
  char shown[DECK_SHOWN_BYTES];
  bool sound = false;
  if (length == 0) {
    return qv_fail(QV_ERR_USAGE, "--set '%s' is not of the form key=value: write for instance --set run.seed=7",
                   deck_shown(text, shown));
  }
  if (strncmp(text, "include=", 8) == 0) {
    return qv_fail(QV_ERR_USAGE, "--set cannot change 'include': edit the deck");
  }
  source.length = whole;
  QV_TRY(deck_take_text(&deck->arena, text, whole, &source.text));
  QV_TRY(add_source(deck, source));
  const int index = deck->nsources - 1;
  QV_TRY(deck_scan(deck, index, &sound));
  if (!sound) {
    return QV_OK;
  }
  const int64_t before = deck->report.total;
  QV_TRY(deck_yaml(deck, index, source.text + length + 1, whole - length - 1, (int)length + 1, false, root));
  if (!*root && deck->report.total != before) {
    return QV_OK;
  }
  if (!*root) {
    QV_TRY(deck_take(&deck->arena, 1, sizeof **root, root));
    (*root)->text = "";
    (*root)->mark = (deck_mark){.source = index, .line = 1, .column = (int)length + 1, .width = 1};
  }
  (*root)->key_mark = (deck_mark){.source = index, .line = 1, .column = 1, .width = (int)length};
  return deck_take_text(&deck->arena, text, length, &(*root)->key);
}

qv_code deck_build(qv_deck *deck, const char *name, const char *folder, const char *text, size_t length,
                   const char *const *overrides, int noverrides)
{
  deck_source source = {.length = length, .prefix = ""};
  deck_node **roots = NULL;
  const size_t most = 1 + MAX_INCLUDES + (size_t)noverrides;
  QV_TRY(deck_take(&deck->arena, most, sizeof *roots, &roots));
  QV_TRY(deck_take_text(&deck->arena, name, strlen(name), &source.name));
  QV_TRY(deck_take_text(&deck->arena, folder, strcmp(folder, ".") == 0 ? 0 : strlen(folder), &source.folder));
  QV_TRY(deck_take_text(&deck->arena, text, length, &source.text));
  QV_TRY(add_file(deck, source, &roots[0]));
  const deck_node *list = include_node(roots[0]);
  if (list) {
    QV_TRY(add_includes(deck, list, roots));
  }
  for (int i = 0; i < noverrides; i++) {
    QV_TRY(add_override(deck, overrides[i], &roots[deck->nsources]));
  }
  return roots[0] ? deck_check(deck, roots, deck->nsources) : QV_OK;
}

/* The verdict on a deck that was built: its report as one failure, or the texts made from it. */
static qv_code conclude(qv_deck *deck)
{
  deck_buffer message = {0};
  if (deck->report.total == 0) {
    return deck_finish(deck);
  }
  deck_report_all(deck, &message);
  qv_code code = message.code;
  if (code == QV_OK) {
    code = qv_fail(deck->report.total == deck->report.files ? QV_ERR_INPUT : QV_ERR_DECK, "%s", message.text);
  }
  qv_free(&message.text);
  return code;
}

qv_code qv_deck_parse(const char *name, const char *folder, const char *text, size_t length,
                      const char *const *overrides, int noverrides, const qv_schema *schema, qv_deck **out)
{
  *out = NULL;
  QV_TRY(create(schema, DECK_FILES_READ, out));
  qv_code code = deck_build(*out, name, folder, text, length, overrides, noverrides);
  if (code == QV_OK) {
    code = conclude(*out);
  }
  if (code != QV_OK) {
    qv_deck_destroy(out);
  }
  return code;
}

/* ---- the collective read ---- */

static qv_code build_from_file(qv_deck *deck, const char *path, const char *const *overrides, int noverrides)
{
  const deck_file *file = NULL;
  const char *folder = NULL;
  QV_TRY(deck_file_text(deck, path, &file));
  if (file->problem) {
    return qv_fail(QV_ERR_INPUT, "cannot read the deck '%s': %s", path, file->problem);
  }
  QV_TRY(deck_folder(deck, path, &folder));
  QV_TRY(deck_build(deck, path, folder, file->text, file->length, overrides, noverrides));
  return conclude(deck);
}

/* Rank 0's verdict goes to all, and if that is good, what it read. A failure is the same on all ranks, so that the
 * message does not speak of ranks. */
static qv_code share(const qv_comm *comm, qv_code mine, deck_buffer *packed)
{
  struct {
    int64_t code;
    uint64_t bytes;
  } head = {.code = (int64_t)mine};
  const bool root = qv_comm_rank(comm) == 0;
  if (root && mine != QV_OK) {
    deck_put_bytes(packed, qv_error_text(), strlen(qv_error_text()));
  }
  head.bytes = packed->length;
  qv_comm_broadcast(comm, &head, sizeof head, 0);
  qv_code code = QV_OK;
  if (!root) {
    code = qv_alloc(QV_MEM_IO, head.bytes + 1, 1, &packed->text);
  } else {
    code = packed->code; /* rank 0 may have no memory left for its own message */
  }
  QV_TRY(qv_agree(comm, code));
  packed->length = head.bytes;
  qv_comm_broadcast(comm, packed->text, head.bytes, 0);
  if (head.code != QV_OK && !root) {
    qv_fail((qv_code)head.code, "%s", packed->text);
  }
  return (qv_code)head.code;
}

qv_code qv_deck_read(const qv_comm *comm, const char *path, const char *const *overrides, int noverrides,
                     const qv_schema *schema, qv_deck **out)
{
  const bool root = qv_comm_rank(comm) == 0;
  deck_buffer packed = {0};
  *out = NULL;
  qv_code code = create(schema, root ? DECK_FILES_READ : DECK_FILES_TABLE, out);
  QV_TRY(qv_agree(comm, code));
  if (root) {
    code = build_from_file(*out, path, overrides, noverrides);
    if (code == QV_OK) {
      deck_files_pack(&(*out)->files, &packed);
      code = packed.code;
    }
  }
  code = share(comm, code, &packed);
  if (code == QV_OK && !root) {
    code = deck_files_unpack(*out, packed.text, packed.length);
    if (code == QV_OK) {
      code = build_from_file(*out, path, overrides, noverrides);
    }
  }
  qv_free(&packed.text);
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_deck_destroy(out);
  }
  return code;
}
