/* A deck against that of an earlier run. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool same_value(const qv_key *key, const deck_value *a, const deck_value *b)
{
  if (a->set != b->set || a->count != b->count) {
    return false;
  }
  for (int i = 0; a->set && key->type != QV_KEY_RECORDS && i < a->count; i++) {
    if (deck_is_real(key->type)) {
      if (a->reals[i] != b->reals[i]) {
        return false;
      }
    } else if (key->type == QV_KEY_FILE) {
      if (strcmp(a->name, b->name) != 0) {
        return false;
      }
    } else if (deck_is_free_text(key->type)) {
      if (strcmp(a->texts[i], b->texts[i]) != 0 || (a->names && strcmp(a->names[i], b->names[i]) != 0)) {
        return false;
      }
    } else if (a->integers[i] != b->integers[i]) {
      return false;
    }
  }
  return true;
}

/* The digest that deck_finish wrote behind a file's name, if there is one. */
static bool written_digest(const qv_deck *deck, const deck_value *value, uint64_t *digest)
{
  const char *line = deck->sources[0].text;
  const char *found = NULL;
  if (!value->node) {
    return false;
  }
  for (int i = 1; i < value->node->mark.line; i++) {
    line = strchr(line, '\n') + 1;
  }
  const char *end = line + strcspn(line, "\n");
  for (const char *at = strstr(line, DECK_DIGEST_WORD); at && at < end; at = strstr(at + 1, DECK_DIGEST_WORD)) {
    found = at;
  }
  return found && (size_t)(end - found) == strlen(DECK_DIGEST_WORD) + 16 &&
         sscanf(found + strlen(DECK_DIGEST_WORD), "%16" SCNx64, digest) == 1;
}

typedef struct {
  const qv_deck *now, *then;
  deck_buffer text;
  int count;
} comparison;

static void put_state(const deck_slot *slot, const deck_value *value, deck_buffer *out)
{
  if (!value->set) {
    deck_put(out, "not set");
  } else if (slot->key->type == QV_KEY_RECORDS) {
    deck_put(out, "%d %s", value->count, value->count == 1 ? "entry" : "entries");
  } else {
    deck_buffer whole = {0};
    char shown[DECK_SHOWN_BYTES];
    deck_write_value(slot->key, value, &whole);
    deck_put(out, "%s", deck_shown(whole.text ? whole.text : "", shown));
    out->code = out->code == QV_OK ? whole.code : out->code;
    qv_free(&whole.text);
  }
}

static void compare_value(comparison *c, const deck_slot *slot, const deck_slot *earlier, int record)
{
  const deck_value *now = &slot->values[record];
  const deck_value *then = &earlier->values[record];
  char path[DECK_MAX_PATH * 2];
  uint64_t digest = 0;
  const bool same = same_value(slot->key, now, then);
  const bool changed = same && now->set && slot->key->type == QV_KEY_FILE && written_digest(c->then, then, &digest) &&
                       digest != now->digest;
  if ((same && !changed) || c->count++ >= DECK_MAX_ERRORS) {
    return;
  }
  deck_slot_path(slot, record, path);
  deck_put(&c->text, "\n  %s", path);
  if (changed) {
    deck_put(&c->text, ": the content of %s is no longer what it was", now->name);
    return;
  }
  deck_put(&c->text, ": ");
  put_state(slot, now, &c->text);
  if (now->set) {
    deck_put(&c->text, " (");
    deck_origin(c->now, now, &c->text);
    deck_put(&c->text, ")");
  }
  deck_put(&c->text, ", but ");
  put_state(slot, then, &c->text);
  deck_put(&c->text, " in the earlier run");
}

static void compare_slots(comparison *c)
{
  for (int i = 0; i < c->now->nslots; i++) {
    const deck_slot *slot = &c->now->slots[i];
    const deck_slot *earlier = &c->then->slots[i];
    for (int r = 0; !slot->key->changeable && r < slot->nvalues && slot->nvalues == earlier->nvalues; r++) {
      compare_value(c, slot, earlier, r);
    }
  }
}

static qv_code conclude(comparison *c)
{
  qv_code code = c->text.code;
  if (code == QV_OK && c->count > DECK_MAX_ERRORS) {
    deck_put(&c->text, "\n  and %d more", c->count - DECK_MAX_ERRORS);
    code = c->text.code;
  }
  if (code == QV_OK && c->count > 0) {
    code = qv_fail(QV_ERR_INPUT,
                   "%s: error: the deck differs from that of the run to be continued:%s\n"
                   "set these keys back, or start anew with --restart none",
                   qv_deck_name(c->now), c->text.text);
  }
  qv_free(&c->text.text);
  return code;
}

qv_code qv_deck_compare(const qv_deck *deck, const char *earlier_text, const qv_schema *schema)
{
  comparison c = {.now = deck};
  qv_deck *earlier = NULL;
  deck_buffer message = {0};
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof *earlier, &earlier));
  earlier->schema = schema;
  earlier->files.mode = DECK_FILES_IGNORE;
  qv_code code = deck_build(earlier, "earlier deck", "", earlier_text, strlen(earlier_text), NULL, 0);
  c.then = earlier;
  if (code == QV_OK && earlier->report.total > 0) {
    deck_report_all(earlier, &message);
    code = message.code != QV_OK ? message.code
                                 : qv_fail(QV_ERR_INPUT,
                                           "%s: error: the deck of the run to be continued cannot be read by this "
                                           "version of the program; start anew with --restart none\n%s",
                                           qv_deck_name(deck), message.text);
  } else if (code == QV_OK && earlier->task != deck->task) {
    code = qv_fail(QV_ERR_INPUT,
                   "%s: error: the deck differs from that of the run to be continued:\n"
                   "  task: %s, but %s in the earlier run\n"
                   "set it back, or start anew with --restart none",
                   qv_deck_name(deck), schema->tasks[deck->task].name, schema->tasks[earlier->task].name);
  } else if (code == QV_OK) {
    compare_slots(&c);
    code = conclude(&c);
  }
  qv_free(&message.text);
  qv_deck_destroy(&earlier);
  return code;
}
