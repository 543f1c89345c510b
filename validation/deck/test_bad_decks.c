/* Decks that are wrong: each file bad/NAME.yaml (with the overrides in NAME.set, one a line) must give exactly the text
 * of NAME.expected, whose first line is the exit code. With `--write`, writes the expected files instead, for a look by
 * eye before they are committed. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "io/qv_deck.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEAST_DECKS   70
#define MAX_OVERRIDES 8
#define FILE_BYTES    65536

typedef struct {
  char text[FILE_BYTES];
  size_t length;
} contents;

static bool read_file(const char *path, contents *out)
{
  FILE *file = fopen(path, "rb");
  out->length = 0;
  out->text[0] = '\0';
  if (!file) {
    return false;
  }
  out->length = fread(out->text, 1, sizeof out->text - 1, file);
  out->text[out->length] = '\0';
  fclose(file);
  return true;
}

static int split_lines(char *text, const char **lines)
{
  int count = 0;
  for (char *line = strtok(text, "\n"); line && count < MAX_OVERRIDES; line = strtok(NULL, "\n")) {
    lines[count++] = line;
  }
  return count;
}

/* The verdict on a deck in the form of an expected file. */
static void judge(const char *name, char *out, size_t size)
{
  static contents deck_text;
  static contents overrides;
  char path[512];
  const char *lines[MAX_OVERRIDES];
  qv_deck *deck = NULL;
  snprintf(path, sizeof path, "%s.yaml", name);
  read_file(path, &deck_text);
  snprintf(path, sizeof path, "%s.set", name);
  const int count = read_file(path, &overrides) ? split_lines(overrides.text, lines) : 0;
  snprintf(path, sizeof path, "%s.yaml", name);
  const qv_code code =
      qv_deck_parse(path, ".", deck_text.text, deck_text.length, lines, count, deck_test_schema(), &deck);
  snprintf(out, size, "exit %d\n%s\n", qv_code_exit(code), qv_error_text());
  qv_error_clear();
  qv_deck_destroy(&deck);
}

static bool check(const char *name, bool write)
{
  static contents expected;
  static char got[FILE_BYTES];
  char path[512];
  judge(name, got, sizeof got);
  snprintf(path, sizeof path, "%s.expected", name);
  if (write) {
    FILE *file = fopen(path, "wb");
    return file && fputs(got, file) >= 0 && fclose(file) == 0;
  }
  if (!read_file(path, &expected)) {
    printf("%s: there is no %s\n", name, path);
    return false;
  }
  if (strcmp(expected.text, got) != 0 || strncmp(got, "exit 0", 6) == 0) {
    printf("---- %s: expected\n%s---- got\n%s", name, expected.text, got);
    return false;
  }
  return true;
}

static int is_deck(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return dot && strcmp(dot, ".yaml") == 0;
}

int main(int argc, char **argv)
{
  struct dirent **entries = NULL;
  const bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
  int wrong = 0;
  if (chdir(QV_DECK_DIR "/bad") != 0) {
    perror(QV_DECK_DIR "/bad");
    return 1;
  }
  const int count = scandir(".", &entries, is_deck, alphasort);
  for (int i = 0; i < count; i++) {
    *strrchr(entries[i]->d_name, '.') = '\0';
    wrong += !check(entries[i]->d_name, write);
    free(entries[i]);
  }
  free(entries);
  if (count < LEAST_DECKS) {
    printf("only %d decks were found\n", count);
    wrong++;
  }
  if (qv_memory_balance() != 0) {
    printf("%lld bytes leaked\n", (long long)qv_memory_balance());
    wrong++;
  }
  printf("%d of %d bad decks give the exact message\n", count - wrong, count);
  return wrong > 0;
}
