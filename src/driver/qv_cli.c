#define _GNU_SOURCE
#include "driver/qv_cli.h"

#include "base/qv_memory.h"
#include "io/qv_deck.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ON(command)   (1U << (command))
#define DECK_COMMANDS (ON(QV_CLI_RUN) | ON(QV_CLI_CHECK) | ON(QV_CLI_PLAN))
#define ALL_COMMANDS  (ON(QV_CLI_HELP) - 1U)
#define MAX_OPTIONS   16
#define MAX_RANKS     ((int64_t)1 << 31)
#define MAX_QUBITS    62

enum {
  KEY_RESTART = 256,
  KEY_MAXTIME,
  KEY_SET,
  KEY_LOG,
  KEY_ECHO,
  KEY_CHECK,
  KEY_RANKS,
  KEY_QUBITS,
  KEY_MACHINE,
  KEY_MARKDOWN
};

static const qv_cli_option options[] = {
    {"output-dir", 'o', "DIR", ON(QV_CLI_RUN) | ON(QV_CLI_NEW), "folder of all outputs (default: the current one)"},
    {"restart", KEY_RESTART, "WHAT", ON(QV_CLI_RUN),
     "auto: continue a stopped run (default); none: start afresh; FILE: from a checkpoint"},
    {"maxtime", KEY_MAXTIME, "TIME", ON(QV_CLI_RUN), "end by itself, with a checkpoint, before 3.9h, 3600 s, 01:30:00"},
    {"set", KEY_SET, "KEY=VALUE", DECK_COMMANDS, "override one value of the deck; may be repeated"},
    {"log", KEY_LOG, "FILE", ON(QV_CLI_RUN), "append the log to FILE as well"},
    {"quiet", 'q', NULL, ON(QV_CLI_RUN), "print the result block, warnings and errors only"},
    {"echo", KEY_ECHO, NULL, ON(QV_CLI_RUN) | ON(QV_CLI_CHECK), "print every effective value and where it comes from"},
    {"check", KEY_CHECK, NULL, ON(QV_CLI_RUN), "the same as the command check"},
    {"ranks", KEY_RANKS, "N", ON(QV_CLI_PLAN), "plan for N ranks (default: those that are running)"},
    {"qubits", KEY_QUBITS, "N", ON(QV_CLI_PLAN), "plan for N qubits instead of the deck's, where the problem scales"},
    {"machine", KEY_MACHINE, "FILE", ON(QV_CLI_PLAN), "estimate times on this machine (default: a node of a cluster)"},
    {"qubits", KEY_QUBITS, "N", ON(QV_CLI_MACHINE), "measure with 2^N amplitudes a rank, 16 to 30 (default: 24)"},
    {"markdown", KEY_MARKDOWN, NULL, ON(QV_CLI_SCHEMA), "as the reference page instead of JSON Schema"},
    {"help", 'h', NULL, ALL_COMMANDS, "this page"},
    {NULL, 0, NULL, 0, NULL},
};

static const char *const command_names[QV_CLI_COMMANDS] = {
    "run", "check", "plan", "info", "schema", "machine", "explain", "new", "watch", "help", "version",
};

const qv_cli_option *qv_cli_option_at(int i)
{
  return options[i].name ? &options[i] : NULL;
}

const char *qv_cli_name(qv_cli_command command)
{
  return command_names[command];
}

static const qv_cli_option *option_of_key(int key)
{
  for (const qv_cli_option *option = options; option->name; option++) {
    if (option->key == key) {
      return option;
    }
  }
  return NULL;
}

/* ": did you mean ...?" or "" for a word that is no option of the command. */
static void suggest_option(const char *word, qv_cli_command command, char *out, size_t size)
{
  const qv_cli_option *best = NULL;
  int distance = 0;
  for (const qv_cli_option *option = options; option->name; option++) {
    const int d = option->commands & ON(command) ? qv_deck_nearness(word, option->name) : -1;
    if (d >= 0 && (!best || d < distance)) {
      best = option;
      distance = d;
    }
  }
  out[0] = '\0';
  if (best) {
    snprintf(out, size, ": did you mean '--%s'?", best->name);
  }
}

static qv_code fail_option(qv_cli_command command, const char *text)
{
  char hint[64];
  char word[64];
  const char *const name = text + strspn(text, "-");
  snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
  for (const qv_cli_option *option = options; option->name; option++) {
    if (strcmp(option->name, word) == 0 && !(option->commands & ON(command))) {
      return qv_fail(QV_ERR_USAGE, "'%s' has no option '--%s' (`qonverge %s --help` lists its options)",
                     qv_cli_name(command), word, qv_cli_name(command));
    }
  }
  suggest_option(word, command, hint, sizeof hint);
  return qv_fail(QV_ERR_USAGE, "unknown option '%.80s'%s (`qonverge %s --help` lists the options)", text, hint,
                 qv_cli_name(command));
}

static qv_code to_integer(const char *name, const char *text, int64_t most, int64_t *out)
{
  char *end = NULL;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value < 1 || value > most) {
    return qv_fail(QV_ERR_USAGE, "--%s: '%.80s' is not a number from 1 to %lld", name, text, (long long)most);
  }
  *out = value;
  return QV_OK;
}

static qv_code to_maxtime(const char *text, double *out)
{
  if (!qv_deck_duration(text, out) || *out <= 0) {
    return qv_fail(QV_ERR_USAGE, "--maxtime: '%.80s' is not a duration: write 3.9h, 90 min, 3600 s or 01:30:00", text);
  }
  return QV_OK;
}

static qv_code take_option(int key, const char *value, qv_cli *out)
{
  int64_t number = 0;
  switch (key) {
  case 'o':
    out->folder = value;
    break;
  case 'q':
    out->quiet = true;
    break;
  case 'h':
    out->topic = out->command;
    out->command = QV_CLI_HELP;
    break;
  case KEY_RESTART:
    out->restart = value;
    break;
  case KEY_MAXTIME:
    return to_maxtime(value, &out->maxtime);
  case KEY_SET:
    out->sets[out->nsets++] = value;
    break;
  case KEY_LOG:
    out->log = value;
    break;
  case KEY_ECHO:
    out->echo = true;
    break;
  case KEY_CHECK:
    out->command = QV_CLI_CHECK;
    break;
  case KEY_RANKS:
    return to_integer("ranks", value, MAX_RANKS, &out->ranks);
  case KEY_QUBITS:
    QV_TRY(to_integer("qubits", value, MAX_QUBITS, &number));
    out->qubits = (int)number;
    break;
  case KEY_MACHINE:
    out->machine = value;
    break;
  case KEY_MARKDOWN:
    out->markdown = true;
    break;
  default:
    break;
  }
  return QV_OK;
}

/* What getopt_long reads: the options of one command. */
static void list_options(qv_cli_command command, struct option longs[MAX_OPTIONS + 1], char *shorts)
{
  int n = 0;
  *shorts++ = ':'; /* a missing argument is told apart, and getopt_long prints nothing */
  for (const qv_cli_option *option = options; option->name; option++) {
    if (option->commands & ON(command)) {
      longs[n++] = (struct option){option->name, option->argument ? required_argument : no_argument, NULL, option->key};
      if (option->key < 256) {
        *shorts++ = (char)option->key;
        if (option->argument) {
          *shorts++ = ':';
        }
      }
    }
  }
  *shorts = '\0';
  longs[n] = (struct option){NULL, 0, NULL, 0};
}
_Static_assert(sizeof options / sizeof *options <= MAX_OPTIONS + 1, "MAX_OPTIONS is too small");

static qv_code parse_options(int argc, char **words, qv_cli *out)
{
  struct option longs[MAX_OPTIONS + 1];
  char shorts[2 * MAX_OPTIONS + 2];
  const qv_cli_command command = out->command;
  int key = 0;
  list_options(command, longs, shorts);
  opterr = 0;
  optind = 0; /* a fresh start for GNU getopt */
  while ((key = getopt_long(argc, words, shorts, longs, NULL)) != -1) {
    const qv_cli_option *option = option_of_key(optopt);
    if (key == ':') {
      return qv_fail(QV_ERR_USAGE, "option '%s' needs a value: --%s %s", words[optind - 1], option->name,
                     option->argument);
    }
    if (key == '?' && option && strncmp(words[optind - 1], "--", 2) == 0) {
      return qv_fail(QV_ERR_USAGE, "option '--%s' takes no value", option->name);
    }
    if (key == '?' && optopt != 0) {
      return fail_option(command, (char[]){'-', (char)optopt, '\0'});
    }
    if (key == '?') {
      return fail_option(command, words[optind - 1]);
    }
    QV_TRY(take_option(key, optarg, out));
  }
  return QV_OK;
}

/* What a command works on: its name in messages, and as the help writes it. NULL: nothing. */
static const struct {
  const char *what, *argument;
} subjects[QV_CLI_HELP] = {
    [QV_CLI_RUN] = {"a file", "DECK"},     [QV_CLI_CHECK] = {"a file", "DECK"}, [QV_CLI_PLAN] = {"a file", "DECK"},
    [QV_CLI_INFO] = {"a file", "FILE.h5"}, [QV_CLI_EXPLAIN] = {"a key", "KEY"}, [QV_CLI_NEW] = {"a task", "TASK"},
    [QV_CLI_WATCH] = {"a folder", "DIR"},
};

static qv_code parse_subject(int argc, char *const *words, qv_cli *out)
{
  const char *name = qv_cli_name(out->command);
  const bool deck = (ON(out->command) & DECK_COMMANDS) != 0;
  const int wanted = subjects[out->command].what ? 1 : 0;
  const int given = argc - optind;
  if (given > wanted) {
    return qv_fail(QV_ERR_USAGE, "'%.80s' is one argument too many for '%s'", words[optind + wanted], name);
  }
  if (given < wanted && out->command != QV_CLI_WATCH) {
    return qv_fail(QV_ERR_USAGE, "'%s' needs the name of %s: qonverge %s %s%s", name, subjects[out->command].what, name,
                   subjects[out->command].argument, deck ? " (a deck is never read from standard input)" : "");
  }
  if (given == 0) {
    return QV_OK;
  }
  out->file = words[optind];
  if (out->command == QV_CLI_WATCH) {
    out->folder = out->file;
  }
  if (deck && (strcmp(out->file, "-") == 0 || strcmp(out->file, "/dev/stdin") == 0)) {
    return qv_fail(QV_ERR_USAGE,
                   "the deck is not read from standard input, which a launcher does not hand on reliably: "
                   "save it and give its name");
  }
  return QV_OK;
}

/* The command that a word stands for; QV_CLI_COMMANDS if it is none. */
static qv_cli_command find_command(const char *word)
{
  static const struct {
    const char *word;
    qv_cli_command command;
  } switches[] = {{"--help", QV_CLI_HELP},
                  {"-h", QV_CLI_HELP},
                  {"--version", QV_CLI_VERSION},
                  {"-V", QV_CLI_VERSION},
                  {"--check", QV_CLI_CHECK}};
  for (int i = 0; i < QV_CLI_COMMANDS; i++) {
    if (strcmp(word, command_names[i]) == 0) {
      return (qv_cli_command)i;
    }
  }
  for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
    if (strcmp(word, switches[i].word) == 0) {
      return switches[i].command;
    }
  }
  return QV_CLI_COMMANDS;
}

static qv_code fail_command(const char *word)
{
  const char *dot = strrchr(word, '.');
  int best = -1;
  int distance = 0;
  if (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0)) {
    return qv_fail(QV_ERR_USAGE, "'%.200s' is not a command: did you mean `qonverge run %.200s`?", word, word);
  }
  for (int i = 0; i < QV_CLI_COMMANDS; i++) {
    const int d = qv_deck_nearness(word, command_names[i]);
    if (d >= 0 && (best < 0 || d < distance)) {
      best = i;
      distance = d;
    }
  }
  if (best >= 0) {
    return qv_fail(QV_ERR_USAGE, "'%.80s' is not a command: did you mean '%s'? (`qonverge --help` lists them)", word,
                   command_names[best]);
  }
  return qv_fail(QV_ERR_USAGE, "'%.80s' is not a command (`qonverge --help` lists them)", word);
}

qv_code qv_cli_parse(int argc, char *const *argv, qv_cli *out)
{
  const size_t count = argc > 0 ? (size_t)argc : 1;
  *out = (qv_cli){.command = QV_CLI_HELP, .topic = QV_CLI_HELP, .folder = ".", .restart = "auto", .maxtime = -1};
  QV_TRY(qv_alloc(QV_MEM_IO, count + 1, sizeof *out->words, &out->words));
  QV_TRY(qv_alloc(QV_MEM_IO, count, sizeof *out->sets, &out->sets));
  if (argc < 2) {
    return qv_fail(QV_ERR_USAGE, "a command is missing: qonverge run DECK (`qonverge --help` lists all commands)");
  }
  out->command = find_command(argv[1]);
  if (out->command == QV_CLI_COMMANDS) {
    return fail_command(argv[1]);
  }
  for (int i = 1; i < argc; i++) {
    out->words[i - 1] = argv[i];
  }
  if (out->command == QV_CLI_HELP) {
    const qv_cli_command topic = argc > 2 ? find_command(argv[2]) : QV_CLI_HELP;
    out->topic = topic < QV_CLI_HELP ? topic : QV_CLI_HELP;
    return QV_OK;
  }
  if (out->command == QV_CLI_VERSION) {
    return QV_OK;
  }
  QV_TRY(parse_options(argc - 1, out->words, out));
  return out->command == QV_CLI_HELP ? QV_OK : parse_subject(argc - 1, out->words, out);
}

void qv_cli_free(qv_cli *cli)
{
  qv_free(&cli->words);
  qv_free(&cli->sets);
}
