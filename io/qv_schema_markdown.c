/* The reference page of all keys, in Markdown. */
#include "io/qv_deck_private.h"
#include "io/qv_schema.h"

#include <string.h>

/* A cell of a table: a bar would end it. */
static void put_cell(deck_buffer *page, const char *text)
{
  for (; *text; text++) {
    deck_put(page, "%s%c", *text == '|' ? "\\" : "", *text);
  }
}

const char *qv_schema_type_name(qv_key_type type)
{
  switch (type) {
  case QV_KEY_BOOL:
    return "boolean";
  case QV_KEY_INT:
    return "integer";
  case QV_KEY_COUNT:
    return "count";
  case QV_KEY_REAL:
    return "real";
  case QV_KEY_STRING:
    return "text";
  case QV_KEY_CHOICE:
    return "choice";
  case QV_KEY_DURATION:
    return "duration";
  case QV_KEY_YEARS:
    return "years";
  case QV_KEY_SIZE:
    return "size";
  case QV_KEY_FILE:
    return "file";
  case QV_KEY_INT_LIST:
    return "list of integers";
  case QV_KEY_REAL_LIST:
    return "list of reals";
  case QV_KEY_STRING_LIST:
    return "list of texts";
  case QV_KEY_CHOICE_LIST:
    return "list of choices";
  case QV_KEY_OPTIONS:
    return "options";
  case QV_KEY_RECORDS:
    break;
  }
  return "list of records";
}

void deck_put_syntax(deck_buffer *page, qv_key_type type)
{
  switch (type) {
  case QV_KEY_BOOL:
    deck_put(page, "`true` or `false`");
    break;
  case QV_KEY_COUNT:
    deck_put(page, "an integer, or one with a multiple (%s): `64 Ki`", deck_unit_list(type));
    break;
  case QV_KEY_DURATION:
    deck_put(page, "with its unit (%s): `90 s`, `01:30:00`", deck_unit_list(type));
    break;
  case QV_KEY_YEARS:
    deck_put(page, "with its unit (%s): `6 months` is 0.5; a year has 365.25 days", deck_unit_list(type));
    break;
  case QV_KEY_SIZE:
    deck_put(page, "with its unit (%s): `4 GiB`", deck_unit_list(type));
    break;
  case QV_KEY_FILE:
    deck_put(page, "a name relative to the folder of the deck that holds it");
    break;
  case QV_KEY_INT_LIST:
  case QV_KEY_REAL_LIST:
  case QV_KEY_STRING_LIST:
  case QV_KEY_CHOICE_LIST:
    deck_put(page, "in brackets: `[1, 2]`");
    break;
  case QV_KEY_OPTIONS:
    deck_put(page, "names and values in braces: `{name: value}`");
    break;
  case QV_KEY_INT:
  case QV_KEY_REAL:
  case QV_KEY_STRING:
  case QV_KEY_CHOICE:
  case QV_KEY_RECORDS:
    break;
  }
}

static void put_default(deck_buffer *page, const qv_key *row)
{
  if (!row->fallback) {
    deck_put(page, "**required**");
  } else if (strcmp(row->fallback, QV_KEY_UNSET) == 0) {
    deck_put(page, "not set");
  } else {
    deck_put(page, "`%s`", row->fallback);
  }
}

/* Choices one by one, so that a table of a browser can break the line between them. */
static void put_limits(deck_buffer *page, const qv_key *row)
{
  size_t length = 0;
  const bool words = row->type == QV_KEY_CHOICE || row->type == QV_KEY_CHOICE_LIST;
  if (row->limits[0] == '\0') {
    return;
  }
  for (int i = 0;; i++) {
    const char *word = deck_choice_at(row->limits, i, &length);
    if (!word) {
      return;
    }
    deck_put(page, "%s`%.*s`", i == 0 ? "" : words ? ", " : " or ", (int)length, word);
  }
}

static void put_table(deck_buffer *page, const qv_key *rows)
{
  deck_put(page, "| key | type | unit | default | range or choices | restart | since | meaning |\n");
  deck_put(page, "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const qv_key *row = rows; row->path; row++) {
    deck_put(page, "| `%s` | %s | ", row->path, qv_schema_type_name(row->type));
    put_cell(page, row->unit);
    deck_put(page, " | ");
    put_default(page, row);
    deck_put(page, " | ");
    put_limits(page, row);
    deck_put(page, " | %s | %s | ", row->changeable ? "may change" : "fixed", row->since);
    put_cell(page, row->help);
    deck_put(page, " |\n");
  }
  deck_put(page, "\n");
}

static bool knows(const qv_schema_task *task, const qv_key *block)
{
  for (int s = 0; task->sections[s]; s++) {
    if (task->sections[s] == block) {
      return true;
    }
  }
  return false;
}

static int count_tasks(const qv_schema *schema, const qv_key *block)
{
  int count = 0;
  for (int t = 0; t < schema->ntasks; t++) {
    count += knows(&schema->tasks[t], block);
  }
  return count;
}

/* A block goes by the top-level names of its rows. */
static void put_block_name(deck_buffer *page, const qv_key *block, const char *mark)
{
  int count = 0;
  for (const qv_key *row = block; row->path; row++) {
    const size_t length = strcspn(row->path, ".[");
    bool repeated = false;
    for (const qv_key *earlier = block; earlier != row && !repeated; earlier++) {
      repeated = strcspn(earlier->path, ".[") == length && strncmp(earlier->path, row->path, length) == 0;
    }
    if (!repeated) {
      deck_put(page, "%s%s%.*s%s", count++ > 0 ? ", " : "", mark, (int)length, row->path, mark);
    }
  }
}

static void put_shared(deck_buffer *page, const qv_schema *schema)
{
  bool any = false;
  for (int t = 0; t < schema->ntasks; t++) {
    for (int s = 0; schema->tasks[t].sections[s]; s++) {
      const qv_key *block = schema->tasks[t].sections[s];
      bool earlier = false;
      for (int u = 0; u < t && !earlier; u++) {
        earlier = knows(&schema->tasks[u], block);
      }
      if (earlier || count_tasks(schema, block) < 2) {
        continue;
      }
      deck_put(page, "%s### ", any ? "" : "## Sections that several tasks share\n\n");
      any = true;
      put_block_name(page, block, "`");
      deck_put(page, "\n\nTasks:");
      for (int u = 0, count = 0; u < schema->ntasks; u++) {
        if (knows(&schema->tasks[u], block)) {
          deck_put(page, "%s `%s`", count++ > 0 ? "," : "", schema->tasks[u].name);
        }
      }
      deck_put(page, "\n\n");
      put_table(page, block);
    }
  }
}

static void put_task(deck_buffer *page, const qv_schema *schema, const qv_schema_task *task)
{
  int shared = 0;
  deck_put(page, "## Task `%s`\n\n%s.\n\n", task->name, task->help);
  for (int s = 0; task->sections[s]; s++) {
    if (count_tasks(schema, task->sections[s]) > 1) {
      deck_put(page, "%s", shared++ > 0 ? ", " : "Shared sections: ");
      put_block_name(page, task->sections[s], "`");
    }
  }
  deck_put(page, "%s", shared > 0 ? ".\n\n" : "");
  for (int s = 0; task->sections[s]; s++) {
    if (count_tasks(schema, task->sections[s]) == 1) {
      put_table(page, task->sections[s]);
    }
  }
}

qv_code qv_schema_markdown(const qv_schema *schema, char **out)
{
  static const qv_key_type told[] = {QV_KEY_BOOL, QV_KEY_COUNT, QV_KEY_DURATION, QV_KEY_YEARS,
                                     QV_KEY_SIZE, QV_KEY_FILE,  QV_KEY_INT_LIST, QV_KEY_OPTIONS};
  deck_buffer page = {0};
  deck_put(&page,
           "# Keys of the input deck\n\n"
           "This page is made from the program's own table of keys by `qonverge schema --markdown`.\n\n"
           "Sections are nested: `run.seed` is the key `seed` in the section `run`. Keys of the form `name[].key` "
           "stand in each entry of the list `name`. \"May change\" keys may differ when a run is continued.\n\n");
  deck_put(&page, "| type | how it is written |\n| --- | --- |\n");
  for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
    deck_put(&page, "| %s | ", told[i] == QV_KEY_INT_LIST ? "lists" : qv_schema_type_name(told[i]));
    deck_put_syntax(&page, told[i]);
    deck_put(&page, " |\n");
  }
  deck_put(&page, "\n## Every deck\n\n`include: [file.yaml]` takes keys from other files; the deck itself wins.\n\n");
  put_table(&page, schema->common);
  put_shared(&page, schema);
  for (int t = 0; t < schema->ntasks; t++) {
    put_task(&page, schema, &schema->tasks[t]);
  }
  *out = page.text;
  return page.code;
}
