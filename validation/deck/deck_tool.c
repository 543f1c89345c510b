/* The deck reader on its own, with the schema of the tests: deck_tool schema | markdown | echo FILE [key=value ...] |
 * text FILE [key=value ...] | check FILE ... (one line a file: its name and ok or the code). */
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "io/qv_deck.h"

#include <stdio.h>
#include <string.h>

static int print_schema(bool json)
{
  char *text = NULL;
  const qv_schema *schema = deck_test_schema();
  if ((json ? qv_schema_json(schema, &text) : qv_schema_markdown(schema, &text)) != QV_OK) {
    fprintf(stderr, "%s\n", qv_error_text());
    return 70;
  }
  puts(text);
  qv_free(&text);
  return 0;
}

static int print_deck(const char *what, const char *path, const char *const *overrides, int noverrides)
{
  qv_deck *deck = NULL;
  const qv_code code = qv_deck_read(qv_comm_self(), path, overrides, noverrides, deck_test_schema(), &deck);
  if (code != QV_OK) {
    fprintf(stderr, "%s\n", qv_error_text());
    return qv_code_exit(code);
  }
  fputs(strcmp(what, "echo") == 0 ? qv_deck_echo(deck) : qv_deck_text(deck), stdout);
  qv_deck_destroy(&deck);
  return 0;
}

static int check_decks(int count, char **paths)
{
  for (int i = 0; i < count; i++) {
    qv_deck *deck = NULL;
    const qv_code code = qv_deck_read(qv_comm_self(), paths[i], NULL, 0, deck_test_schema(), &deck);
    printf("%s %s\n", paths[i], code == QV_OK ? "ok" : qv_code_name(code));
    qv_deck_destroy(&deck);
    qv_error_clear();
  }
  return 0;
}

static int run(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "schema") == 0 || strcmp(what, "markdown") == 0) {
    return print_schema(strcmp(what, "schema") == 0);
  }
  if (argc > 2 && (strcmp(what, "echo") == 0 || strcmp(what, "text") == 0)) {
    return print_deck(what, argv[2], (const char *const *)(argv + 3), argc - 3);
  }
  if (argc > 2 && strcmp(what, "check") == 0) {
    return check_decks(argc - 2, argv + 2);
  }
  fprintf(stderr, "deck_tool schema | markdown | echo FILE [key=value ...] | text FILE ... | check FILE ...\n");
  return 64;
}

int main(int argc, char **argv)
{
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  const int status = run(argc, argv);
  qv_parallel_end(0);
  return status;
}
