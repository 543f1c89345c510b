/* The schema in words for one key, one section or one task, and as comments for a new deck. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"
#include "io/qv_schema.h"

#include <stdio.h>
#include <string.h>

/* The i-th block of rows that a task knows: the common rows first; NULL behind the last. */
static const qv_key *block_at(const qv_schema *schema, int task, int i)
{
  return i == 0 ? schema->common : schema->tasks[task].sections[i - 1];
}

/* Whether a row stands in no block of an earlier task, so that it is met once when all tasks are walked. */
static bool is_new(const qv_schema *schema, int task, const qv_key *block)
{
  for (int t = 0; t < task; t++) {
    for (int i = 0; block_at(schema, t, i); i++) {
      if (block_at(schema, t, i) == block) {
        return false;
      }
    }
  }
  return true;
}

static const char *last_part(const char *path)
{
  const char *dot = strrchr(path, '.');
  return dot ? dot + 1 : path;
}

static bool begins_with_section(const char *path, const char *word)
{
  const size_t length = strlen(word);
  return strncmp(path, word, length) == 0 && (path[length] == '.' || path[length] == '[');
}

static const char *default_of(const qv_key *row)
{
  return !row->fallback ? "required" : strcmp(row->fallback, QV_KEY_UNSET) == 0 ? "not set" : row->fallback;
}

/* "vqe, ground-state": the tasks that know a block. */
static void put_tasks(deck_buffer *page, const qv_schema *schema, const qv_key *block)
{
  const char *between = "";
  if (block == schema->common) {
    deck_put(page, "all");
    return;
  }
  for (int t = 0; t < schema->ntasks; t++) {
    for (int i = 0; block_at(schema, t, i); i++) {
      if (block_at(schema, t, i) == block) {
        deck_put(page, "%s%s", between, schema->tasks[t].name);
        between = ", ";
      }
    }
  }
}

/* The line that says how a value is written, if there is something to say. */
static void put_written(deck_buffer *page, qv_key_type type)
{
  if (type != QV_KEY_INT && type != QV_KEY_REAL && type != QV_KEY_STRING && type != QV_KEY_CHOICE &&
      type != QV_KEY_CHOICE_LIST && type != QV_KEY_RECORDS) {
    deck_put(page, "  written  ");
    deck_put_syntax(page, type);
    deck_put(page, "\n");
  }
}

static void put_row(deck_buffer *page, const qv_schema *schema, const qv_key *block, const qv_key *row)
{
  size_t length = 0;
  const bool words = row->type == QV_KEY_CHOICE || row->type == QV_KEY_CHOICE_LIST;
  deck_put(page, "%s\n  %s\n", row->path, row->help);
  const bool years = row->type == QV_KEY_YEARS; /* whose name is its unit */
  deck_put(page, "  type     %s%s%s\n", qv_schema_type_name(row->type), row->unit[0] && !years ? " in " : "",
           years ? "" : row->unit);
  put_written(page, row->type);
  for (int i = 0; deck_choice_at(row->limits, i, &length) && row->limits[0]; i++) {
    const char *word = deck_choice_at(row->limits, i, &length);
    deck_put(page, "%s%.*s",
             i > 0   ? (words ? ", " : " or ")
             : words ? "  choices  "
                     : "  range    ",
             (int)length, word);
  }
  deck_put(page, "%s  default  %s\n", row->limits[0] ? "\n" : "", default_of(row));
  deck_put(page, "  restart  %s\n  tasks    ", row->changeable ? "may change" : "fixed");
  put_tasks(page, schema, block);
  deck_put(page, "\n  since    %s\n", row->since);
}

/* All rows whose path (`whole`) or last part is the word; their number. */
static int put_rows(deck_buffer *page, const qv_schema *schema, const char *word, bool whole)
{
  int found = 0;
  for (int t = 0; t < schema->ntasks; t++) {
    for (int i = 0; block_at(schema, t, i); i++) {
      const qv_key *block = block_at(schema, t, i);
      for (const qv_key *row = is_new(schema, t, block) ? block : NULL; row && row->path; row++) {
        if (strcmp(whole ? row->path : last_part(row->path), word) == 0) {
          deck_put(page, "%s", found++ > 0 ? "\n" : "");
          put_row(page, schema, block, row);
        }
      }
    }
  }
  return found;
}

static void put_line(deck_buffer *page, const qv_key *row)
{
  deck_put(page, "  %-32s %-14s %s\n", row->path, default_of(row), row->help);
}

static int put_section(deck_buffer *page, const qv_schema *schema, const char *word)
{
  int found = 0;
  for (int t = 0; t < schema->ntasks; t++) {
    for (int i = 0; block_at(schema, t, i); i++) {
      const qv_key *block = block_at(schema, t, i);
      int here = 0;
      for (const qv_key *row = is_new(schema, t, block) ? block : NULL; row && row->path; row++) {
        if (!begins_with_section(row->path, word)) {
          continue;
        }
        if (here++ == 0) {
          deck_put(page, "%s%s (tasks: ", found > 0 ? "\n" : "", word);
          put_tasks(page, schema, block);
          deck_put(page, ")\n");
        }
        put_line(page, row);
      }
      found += here;
    }
  }
  return found;
}

static int find_task(const qv_schema *schema, const char *word)
{
  for (int t = 0; t < schema->ntasks; t++) {
    if (strcmp(schema->tasks[t].name, word) == 0) {
      return t;
    }
  }
  return -1;
}

static bool put_task(deck_buffer *page, const qv_schema *schema, const char *word)
{
  const int t = find_task(schema, word);
  if (t < 0) {
    return false;
  }
  deck_put(page, "task %s\n  %s\n\n", word, schema->tasks[t].help);
  for (int i = 0; block_at(schema, t, i); i++) {
    for (const qv_key *row = block_at(schema, t, i); row->path; row++) {
      put_line(page, row);
    }
  }
  return true;
}

/* The candidate that is nearest to a user's word so far, and what to name for it. */
typedef struct {
  const char *word;
  char name[DECK_MAX_PATH];
  int distance;
} guess;

static void take_nearer(guess *g, const char *word, const char *candidate, const char *name, size_t length)
{
  const int d = qv_deck_nearness(word, candidate);
  if (d >= 0 && (!g->name[0] || d < g->distance)) {
    snprintf(g->name, sizeof g->name, "%.*s", (int)length, name);
    g->distance = d;
  }
}

static void take_row(guess *g, const char *path)
{
  char section[DECK_MAX_PATH];
  const size_t length = strcspn(path, ".[");
  snprintf(section, sizeof section, "%.*s", (int)length, path);
  take_nearer(g, g->word, section, path, length);
  take_nearer(g, g->word, path, path, strlen(path));
}

/* Whole paths, sections and tasks count before last parts of paths. */
static void find_nearest(const qv_schema *schema, guess *g)
{
  for (int pass = 0; pass < 2 && !g->name[0]; pass++) {
    for (int t = 0; t < schema->ntasks; t++) {
      take_nearer(g, g->word, schema->tasks[t].name, schema->tasks[t].name, strlen(schema->tasks[t].name));
      for (int i = 0; block_at(schema, t, i); i++) {
        for (const qv_key *row = block_at(schema, t, i); row->path; row++) {
          if (pass == 0) {
            take_row(g, row->path);
          } else {
            take_nearer(g, last_part(g->word), last_part(row->path), row->path, strlen(row->path));
          }
        }
      }
    }
  }
}

qv_code qv_schema_explain(const qv_schema *schema, const char *word, char **out)
{
  deck_buffer page = {0};
  char shown[DECK_SHOWN_BYTES];
  *out = NULL;
  if (put_rows(&page, schema, word, true) == 0 && put_section(&page, schema, word) == 0 &&
      !put_task(&page, schema, word) && put_rows(&page, schema, word, false) == 0) {
    guess g = {.word = word};
    find_nearest(schema, &g);
    qv_free(&page.text);
    return qv_fail(QV_ERR_USAGE,
                   "'%s' is no key, section or task of a deck%s%s%s (`qonverge schema --markdown` lists all)",
                   deck_shown(word, shown), g.name[0] ? ": did you mean '" : "", g.name, g.name[0] ? "'?" : "");
  }
  if (page.code == QV_OK) {
    page.text[page.length - 1] = '\0'; /* whoever prints it adds the last newline */
  }
  *out = page.text;
  return page.code;
}

qv_code qv_schema_comments(const qv_schema *schema, const char *task, char **out)
{
  deck_buffer page = {0};
  const int t = find_task(schema, task);
  for (int i = 0; t >= 0 && block_at(schema, t, i); i++) {
    for (const qv_key *row = block_at(schema, t, i); row->path; row++) {
      if (row->fallback) {
        deck_put(&page, "# %-32s %-14s %s\n", row->path, default_of(row), row->help);
      }
    }
  }
  deck_put(&page, "%s", "");
  *out = page.text;
  return page.code;
}
