/* What a misspelt word was likely meant to be, and where a misplaced key belongs. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX       64 /* longer words are not compared */
#define KEYS_SHOWN_MAX 24

static int fold(char c)
{
  return c == '-' ? '_' : tolower((unsigned char)c);
}

int deck_distance(const char *a, const char *b)
{
  int rows[3][WORD_MAX + 1];
  const int na = (int)strnlen(a, WORD_MAX + 1);
  const int nb = (int)strnlen(b, WORD_MAX + 1);
  if (na > WORD_MAX || nb > WORD_MAX) {
    return WORD_MAX;
  }
  for (int j = 0; j <= nb; j++) {
    rows[0][j] = j;
  }
  for (int i = 1; i <= na; i++) {
    int *now = rows[i % 3];
    const int *last = rows[(i + 2) % 3];
    const int *before = rows[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= nb; j++) {
      const int change = fold(a[i - 1]) != fold(b[j - 1]);
      int best = last[j - 1] + change;
      best = last[j] + 1 < best ? last[j] + 1 : best;
      best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
      if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
          before[j - 2] + 1 < best) {
        best = before[j - 2] + 1;
      }
      now[j] = best;
    }
  }
  return rows[na % 3][nb];
}

static bool begins_with(const char *text, const char *start)
{
  while (*start) {
    if (fold(*text++) != fold(*start++)) {
      return false;
    }
  }
  return true;
}

int deck_nearness(const char *word, const char *candidate)
{
  const size_t length = strnlen(word, WORD_MAX + 1);
  const int distance = deck_distance(word, candidate);
  const int allowed = length <= 3 || strlen(candidate) <= 3 ? 1 : 2;
  if (distance <= allowed && distance < (int)length) {
    return distance;
  }
  if ((length >= 2 && begins_with(candidate, word)) || (strlen(candidate) >= 3 && begins_with(word, candidate))) {
    return 3;
  }
  return -1;
}

/* The part of a row's path that stands directly below `prefix`, without its brackets. */
static bool part_below(const char *row, const char *prefix, char part[DECK_MAX_PATH])
{
  const size_t skip = strlen(prefix);
  if (strncmp(row, prefix, skip) != 0) {
    return false;
  }
  const size_t length = strcspn(row + skip, ".[");
  if (length == 0 || length >= DECK_MAX_PATH) {
    return false;
  }
  memcpy(part, row + skip, length);
  part[length] = '\0';
  return true;
}

/* The first `length` characters of `prefix` and then `name`; "" if that is too long for a path. */
static void join_path(char out[DECK_MAX_PATH], const char *prefix, size_t length, const char *name)
{
  const size_t more = strlen(name);
  out[0] = '\0';
  if (length + more < DECK_MAX_PATH) {
    memcpy(out, prefix, length);
    memcpy(out + length, name, more + 1);
  }
}

/* Names the parts below `prefix` once each, in the order of the rows. */
typedef struct {
  const qv_deck *deck;
  const char *prefix;
  int at;
} part_walk;

static bool next_part(part_walk *walk, char part[DECK_MAX_PATH])
{
  const qv_deck *deck = walk->deck;
  for (; walk->at < deck->nslots; walk->at++) {
    char earlier[DECK_MAX_PATH];
    bool repeated = false;
    if (!part_below(deck->slots[walk->at].key->path, walk->prefix, part)) {
      continue;
    }
    for (int i = 0; i < walk->at && !repeated; i++) {
      repeated = part_below(deck->slots[i].key->path, walk->prefix, earlier) && strcmp(earlier, part) == 0;
    }
    if (!repeated) {
      walk->at++;
      return true;
    }
  }
  if (walk->at == deck->nslots && walk->prefix[0] == '\0') {
    walk->at++;
    memcpy(part, "include", sizeof "include");
    return true;
  }
  return false;
}

static void put_keys_here(const qv_deck *deck, const char *prefix, deck_buffer *hint)
{
  part_walk walk = {.deck = deck, .prefix = prefix};
  char part[DECK_MAX_PATH];
  int count = 0;
  const bool bracket = hint->length > 0;
  deck_put(hint, "%skeys here: ", bracket ? " (" : "");
  for (; next_part(&walk, part); count++) {
    if (count == KEYS_SHOWN_MAX) {
      deck_put(hint, ", ...");
      break;
    }
    deck_put(hint, "%s%s", count > 0 ? ", " : "", part);
  }
  deck_put(hint, "%s", bracket ? ")" : "");
}

/* The nearest key below `prefix`; of equally near ones the one with the nearer length, then the first. */
static int nearest_here(const qv_deck *deck, const char *prefix, const char *key, char best[DECK_MAX_PATH])
{
  part_walk walk = {.deck = deck, .prefix = prefix};
  char part[DECK_MAX_PATH];
  int nearest = -1;
  size_t gap = 0;
  const size_t length = strlen(key);
  while (next_part(&walk, part)) {
    const int near = deck_nearness(key, part);
    const size_t other = strlen(part);
    const size_t between = other > length ? other - length : length - other;
    if (near >= 0 && (nearest < 0 || near < nearest || (near == nearest && between < gap))) {
      nearest = near;
      gap = between;
      memcpy(best, part, sizeof part);
    }
  }
  return nearest;
}

/* The nearest key or section of that name in a row that is not directly below `prefix`: its place as a row path. */
static void look_elsewhere(const char *row, const char *prefix, const char *key, int *nearest, char best[DECK_MAX_PATH])
{
  char part[DECK_MAX_PATH];
  char here[DECK_MAX_PATH];
  const size_t length = strlen(row);
  for (size_t start = 0; start < length;) {
    if (start >= sizeof here) {
      return;
    }
    memcpy(here, row, start);
    here[start] = '\0';
    if (!part_below(row, here, part)) {
      return;
    }
    const int near = deck_nearness(key, part);
    if (strcmp(here, prefix) != 0 && near >= 0 && near < 3 && (*nearest < 0 || near < *nearest)) {
      *nearest = near;
      join_path(best, row, start, part);
    }
    const char *dot = strchr(row + start, '.');
    if (!dot) {
      return;
    }
    start = (size_t)(dot - row) + 1;
  }
}

/* Another task that has a key or section of exactly that name: its number and the place as a row path, or -1. */
static int look_in_tasks(const qv_deck *deck, const char *prefix, const char *key, char best[DECK_MAX_PATH])
{
  for (int t = 0; t < deck->schema->ntasks; t++) {
    const qv_schema_task *task = &deck->schema->tasks[t];
    for (int s = 0; t != deck->task && task->sections[s]; s++) {
      for (const qv_key *row = task->sections[s]; row->path; row++) {
        char part[DECK_MAX_PATH];
        int nearest = -1;
        look_elsewhere(row->path, "", key, &nearest, best);
        if (nearest == 0) {
          return t;
        }
        if (part_below(row->path, prefix, part) && strcmp(part, key) == 0) {
          join_path(best, prefix, strlen(prefix), part);
          return t;
        }
      }
    }
  }
  return -1;
}

/* The section of a row path: "contracts[].kind" stands in "contracts", a key of the top level in none (length 0). */
static size_t home_length(const char *place)
{
  const char *dot = strrchr(place, '.');
  const size_t length = dot ? (size_t)(dot - place) : 0;
  return length > 2 && place[length - 1] == ']' ? length - 2 : length;
}

static const char *last_part(const char *place)
{
  const char *dot = strrchr(place, '.');
  return dot ? dot + 1 : place;
}

static void put_home(const char *place, deck_buffer *hint)
{
  const char *key = last_part(place);
  const size_t length = home_length(place);
  if (length == 0) {
    deck_put(hint, "'%s' belongs at the top level", key);
  } else {
    deck_put(hint, "'%s' belongs in '%.*s'", key, (int)length, place);
  }
}

static void put_both(const char *here, const char *there, deck_buffer *hint)
{
  const char *key = last_part(there);
  const size_t length = home_length(there);
  if (length == 0) {
    deck_put(hint, "did you mean '%s', or '%s' at the top level?", here, key);
  } else {
    deck_put(hint, "did you mean '%s', or '%s' in '%.*s'?", here, key, (int)length, there);
  }
}

/* The hint for a key that no row of this task comes near. */
static void suggest_from_afar(const qv_deck *deck, const char *prefix, const char *key, deck_buffer *hint,
                              char meant[DECK_MAX_PATH])
{
  char there[DECK_MAX_PATH] = "";
  int nearest = -1;
  const int task = look_in_tasks(deck, prefix, key, there);
  if (task >= 0) {
    const bool is_key = qv_schema_find(deck->schema, task, there) != NULL;
    deck_put(hint, "'%s' is a %s of task '%s'", there, is_key ? "key" : "section", deck->schema->tasks[task].name);
    return;
  }
  for (int i = 0; i < deck->nslots; i++) {
    look_elsewhere(deck->slots[i].key->path, prefix, key, &nearest, there);
  }
  if (nearest > 0) {
    deck_put(hint, "did you mean '%s'?", there);
    snprintf(meant, DECK_MAX_PATH, "%s", there);
  }
}

void deck_suggest_key(const qv_deck *deck, const char *prefix, const char *word, deck_buffer *hint,
                      char meant[DECK_MAX_PATH])
{
  char key[DECK_MAX_PATH];
  char here[DECK_MAX_PATH] = "";
  char there[DECK_MAX_PATH] = "";
  int elsewhere = -1;
  snprintf(key, sizeof key, "%.*s", (int)strcspn(word, "["), word); /* "contrats[0]" of an override */
  const int near = nearest_here(deck, prefix, key, here);
  meant[0] = '\0';
  for (int i = 0; i < deck->nslots; i++) {
    look_elsewhere(deck->slots[i].key->path, prefix, key, &elsewhere, there);
  }
  if (strchr(key, '.') && deck_lookup(deck, key, 0, NULL)) {
    const size_t length = strcspn(key, ".");
    deck_put(hint, "write it nested: '%s' inside the section '%.*s'", key + length + 1, (int)length, key);
    snprintf(meant, DECK_MAX_PATH, "%s", key);
  } else if (elsewhere == 0 && near == 1) {
    put_both(here, there, hint);
    join_path(meant, prefix, strlen(prefix), here);
  } else if (elsewhere == 0 && near != 0) {
    put_home(there, hint);
    snprintf(meant, DECK_MAX_PATH, "%s", there);
  } else if (near >= 0) {
    deck_put(hint, "did you mean '%s'?", here);
    join_path(meant, prefix, strlen(prefix), here);
  } else {
    suggest_from_afar(deck, prefix, key, hint, meant);
  }
  put_keys_here(deck, prefix, hint);
}

void deck_suggest_choice(const char *limits, const char *word, deck_buffer *hint)
{
  char choice[WORD_MAX];
  char best[WORD_MAX] = "";
  size_t length = 0;
  int nearest = -1;
  deck_buffer all = {0};
  for (int i = 0;; i++) {
    const char *at = deck_choice_at(limits, i, &length);
    if (!at) {
      break;
    }
    snprintf(choice, sizeof choice, "%.*s", (int)length, at);
    deck_put(&all, "%s%s", i > 0 ? ", " : "", choice);
    const int near = deck_nearness(word, choice);
    if (near >= 0 && (nearest < 0 || near < nearest)) {
      nearest = near;
      memcpy(best, choice, sizeof best);
    }
  }
  if (nearest >= 0) {
    deck_put(hint, "did you mean '%s'? (choices: %s)", best, all.text ? all.text : "");
  } else {
    deck_put(hint, "choices: %s", all.text ? all.text : "");
  }
  hint->code = hint->code == QV_OK ? all.code : hint->code;
  qv_free(&all.text);
}

void deck_suggest_task(const qv_schema *schema, const char *word, deck_buffer *hint)
{
  int nearest = -1;
  const char *best = NULL;
  for (int t = 0; t < schema->ntasks; t++) {
    const int near = deck_nearness(word, schema->tasks[t].name);
    if (near >= 0 && (nearest < 0 || near < nearest)) {
      nearest = near;
      best = schema->tasks[t].name;
    }
  }
  if (best) {
    deck_put(hint, "did you mean '%s'? (", best);
  }
  deck_put(hint, "tasks: ");
  for (int t = 0; t < schema->ntasks; t++) {
    deck_put(hint, "%s%s", t > 0 ? ", " : "", schema->tasks[t].name);
  }
  deck_put(hint, "%s", best ? ")" : "");
}
