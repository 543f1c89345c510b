/* The classical language of OpenQASM 3. Each claim is checked twice: with values that are known while reading, and with
 * the same values hidden behind a measurement, so that the machine computes them. */
#include "qasm/qasm_dense.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Variables ("type name = value;" each) and a claim that must hold. */
static const struct {
  const char *variables, *claim;
} claims[] = {
    {"int a = 7; int b = 2;", "a / b == 3 && a % b == 1 && a * b == 14 && a - b == 5 && a + b == 9 && a ** b == 49"},
    {"int a = -7; int b = 2;", "a / b == -3 && a % b == -1 && -a == 7 && a - b == -9 && a < b && a != b && !(a > b)"},
    {"int a = 7; int b = 2;", "!(a / b == 3.5) && !(a == b) && !(a < b) && a >= b && !(a <= b)"},
    {"uint[4] u = 15; uint[4] v = 1;", "u + v == 0 && u + 1 == 16 && v - u == 2 && u * u == 1 && -v == 15"},
    {"int[4] u = 7; int[4] v = 1;", "u + v == -8 && u + 1 == 8 && u * 2 == 14"},
    {"int[4] u = 9; uint[4] v = -1;", "u == -7 && v == 15"},
    {"int[8] u = 100; int[16] v = 100;", "u + v == 200"},
    {"uint u = 3; int v = -5;", "v < u && u > v && v + 5 == 0"},
    {"uint[8] u = 37;", "popcount(u) == 3 && u << 1 == 74 && u << 4 == 80 && u >> 2 == 9 && ~u == 218"},
    {"uint[6] u = 37;", "rotl(u, 3) == 44 && rotr(u, 3) == 44 && rotl(u, 1) == 11 && rotl(u, -1) == rotr(u, 1)"},
    {"bit[8] a = \"10001111\"; bit[8] b = \"01110000\";",
     "(a << 1) == \"00011110\" && rotl(a, 2) == \"00111110\" && (a | b) == \"11111111\" && (a & b) == \"00000000\""},
    {"bit[4] b = \"1010\";",
     "(b >> 1) == \"0101\" && ~b == \"0101\" && (b ^ \"1100\") == \"0110\" && popcount(b) == 2"},
    {"bit[4] b = \"1010\";", "b[0] == 0 && b[1] == 1 && b[-1] == 1 && b[1:2] == \"01\" && b[{1, 3}] == \"11\""},
    {"bit[4] b = \"0110\";", "b[3:-1:0] == \"0110\" && b[0:2:3] == \"10\" && b == 6 && b != 5 && b[:1] == \"10\""},
    {"bit[4] b = \"0011\"; int i = 1;", "b[i] && !b[i + 1] && b[-3] == 1"},
    {"bit[2] s = \"11\";", "int[2](s) == -1 && uint[2](s) == 3 && int[4](s) == 3 && int(s) == 3 && s == 3"},
    {"bit[2] s = \"10\";", "int[2](s) == -2 && uint(s) == 2 && bool(s) && bit[2](s) == s"},
    {"bit s = \"1\"; bool t = true;", "s == 1 && t == true && bool(s) == t && s && !(!t)"},
    {"angle[4] a = 9 * (pi / 8);", "(a << 2) == pi / 2 && (a >> 2) == pi / 4 && bit[4](a) == \"1001\""},
    {"angle[4] a = 7 * (pi / 8); angle[4] b = pi / 8; angle[4] c = 5 * (pi / 4); uint[4] two = 2;",
     "a + b == pi && b - a == 5 * (pi / 4) && a / two == 3 * (pi / 8) && two * c == pi / 2 && c / b == 10"},
    {"angle[4] b = pi / 4;", "-b == 7 * (pi / 4) && bit[4](-b) == \"1110\" && bit[4](b) == \"0010\""},
    {"angle[8] b = pi / 4; angle[4] c = pi;",
     "b + c == 5 * pi / 4 && b < c && float(c) > 3.14159 && float(c) < 3.1416"},
    {"angle[3] b = 100 * pi / 4;", "b == pi && b[2] == 1 && b[0] == 0"},
    {"angle a = 1.0; float f = 1.0;", "abs1(a - f) < 1e-12 && abs1(sin(a) - sin(f)) < 1e-12"},
    {"int z = 0;", "!(z != 0 && 10 / z > 1) && (z == 0 || 10 / z > 1)"},
    {"float x = 3.5;",
     "floor(x) == 3 && ceiling(x) == 4 && int(x) == 3 && int(-x) == -3 && mod(x, 2) == 1.5 && x / 2 == 1.75"},
    {"float x = 0.6;", "abs1(arccos(x) - 0.9272952180016122) < 1e-15 && abs1(arcsin(x) - 0.6435011087932844) < 1e-15"},
    {"float x = 2;", "abs1(exp(x) - 7.38905609893065) < 1e-14 && abs1(log(x) - 0.6931471805599453) < 1e-15 && "
                     "sqrt(x) * sqrt(x) > 1.999999 && abs1(arctan(x) - 1.1071487177940904) < 1e-15"},
    {"float x = 1.25;", "abs1(sin(x) - 0.9489846193555862) < 1e-15 && abs1(cos(x) - 0.3153223623952687) < 1e-15 && "
                        "abs1(tan(x) - 3.0095696738628313) < 1e-14 && x ** 2 == 1.5625 && -x < 0 && x != 1"},
    {"int n = 10;", "pow(2, n) == 1024 && 2 ** n == 1024 && mod(n, 3) == 1 && 2 ** -1 == 0.5"},
    {"int n = 3;", "3 / 5 == 0.6 && 6 / 2 == 3 && n / 5 == 0 && 7 / 2 == 3.5 && int(7 / 2) == n && -7 / 2 == -3.5"},
    {"int n = 1;", "0xff == 255 && 0b1010 == 10 && 0o17 == 15 && 1_000 == 1000 && 1_0.5e0 == 10.5 && n == 1"},
    {"int n = 2;", "n + 3 * 4 == 14 && -n ** 2 == -4 && n ** 3 ** 2 == 512 && 1 << n + 1 == 8 && (5 & 3) == 1"},
    {"int n = 6;", "(n | 1) == 7 && (n ^ 2) == 4 && (n & 3) == 2 && ~n == -7 && (n == 6) == true && 1 < n"},
    {"bool a = true; bool b = false;", "(a || b) && !(a && b) && (a && !b) && (a ^ b) && (a | b) && !(a & b)"},
    {"array[int[8], 3] v = {1, -2, 3};", "v[0] == 1 && v[1] == -2 && v[-1] == 3 && sizeof(v) == 3"},
    {"array[int[8], 3] v = {1, -2, 3}; int i = 1;", "v[i] == -2 && v[i - 2] == 3 && v[i + 1] == 3"},
    {"array[float, 2, 3] m = {{1, 2, 3}, {4, 5, 6.5}};",
     "m[1, 2] == 6.5 && m[0][1] == 2 && sizeof(m) == 2 && sizeof(m, 1) == 3 && m[-1, -1] == 6.5"},
    {"uint u = 18446744073709551615;", "u > 9 && u == 18446744073709551615 && u + 1 == 0"},
    {"float f = 3; int i = 3;", "f == i && i == f && f + i == 6 && i / f == 1 && i ** 0.5 > 1.7"},
    {"float x = 2.5;", "x <= 2.5 && x >= 2.5 && !(x <= 2.4) && !(x >= 2.6) && bool(x) && !bool(x - 2.5) && x > 2"},
    {"uint u = 5;", "u >= 5 && u <= 5 && !(u >= 6) && !(u <= 4) && u < 6 && !(u < 5)"},
    {"angle[8] a = 33 * (tau / 256);", "angle[3](a) == pi / 4 && bit[8](a) == \"00100001\" && bit[10](angle[10](a)) == "
                                       "\"0010000100\""},
    {"angle[8] a = 48 * (tau / 256); bit[3] b = \"011\";", "angle[3](a) == pi / 2 && angle[3](b) == 3 * pi / 4"},
    {"int a = -9223372036854775807;", "(a - 1) / -1 == a - 1 && (a - 1) % -1 == 0 && a - 2 == 9223372036854775807"},
    {"int n = 5;", "bit(n - 4) == 1 && (n + 0)[0] && !(n[1]) && n[2] && !(bit(n - 5))"},
    {"int[4] a = -4;", "a >> 1 == 6 && (a << 1) == -8 && a[3] == 1 && a[0] == 0"},
    {"float f = 9223372036854775808.0;", "uint(f) > 9223372036854775807 && uint(f) == 9223372036854775808"},
    {"bit[3] b = \"101\"; int i = 2;", "b + i == 7 && b * 2 == 10 && -b == -5 && i - b == -3"},
    {"uint[8] u = 200; int[16] v = -3;", "u + v == 197 && u * v == -600 && v / 2 == -1"},
    {"int i = 2;",
     "2 * pi == tau && tau / i == π && euler > 2.718281828 && euler < 2.718281829 && ℇ == euler && τ == tau"},
};

/* A text with abs1(...) written out: the language has no absolute value. */
static void spell_out(const char *from, char *to)
{
  while (*from) {
    if (strncmp(from, "abs1(", 5) == 0) {
      int depth = 1;
      const char *at = from + 5;
      for (; depth > 0; at++) {
        depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
      }
      to += sprintf(to, "sqrt((%.*s) ** 2)", (int)(at - from - 6), from + 5);
      from = at;
    } else {
      *to++ = *from++;
    }
  }
  *to = '\0';
}

/* "type name = value;" as it stands, or as a declaration whose value comes under a condition on a measured 1. */
static void declare(const char *variables, bool late, char *to)
{
  while (*variables) {
    const char *end = strchr(variables, ';'), *equals = strchr(variables, '=');
    while (*variables == ' ') {
      variables++;
    }
    if (!late || strncmp(variables, "array", 5) == 0) {
      to += sprintf(to, "%.*s\n", (int)(end + 1 - variables), variables);
      if (late) { /* arrays: their first item is hidden */
        const char *name = equals - 2;
        const bool flat = !strstr(variables, "{{") || strstr(variables, "{{") > end;
        to += sprintf(to, flat ? "if (one == 0) %c[0] = 99;\n" : "if (one == 0) %c[1, 2] = 99;\n", *name);
      }
    } else {
      const char *name = equals - 1;
      while (name[-1] != ' ') {
        name--;
      }
      to += sprintf(to, "%.*s; if (one) %.*s\n", (int)(equals - variables), variables, (int)(end + 1 - name), name);
    }
    variables = end + 1;
    while (*variables == ' ') {
      variables++;
    }
  }
  *to = '\0';
}

typedef struct {
  int leaves, holds;
} verdict;

static void judge(void *context, double probability, const qv_qasm_machine *machine)
{
  verdict *v = context;
  (void)probability;
  v->leaves++;
  v->holds += qv_qasm_machine_memory(machine)[1];
}

static void claims_hold_now_and_later(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
    for (int late = 0; late < 2; late++) {
      char text[8000], declared[2000], claim[2000];
      verdict v = {0, 0};
      declare(claims[i].variables, late == 1, declared);
      spell_out(claims[i].claim, claim);
      snprintf(text, sizeof text,
               "OPENQASM 3.0;\nqubit q;\nbit one;\nbit claim;\nU(pi, 0, pi) q;\none = measure q;\n%sclaim = %s;\n",
               declared, claim);
      qv_qasm_program *program = NULL;
      if (qv_qasm_parse("claim.qasm", NULL, text, strlen(text), NULL, &program) != QV_OK) {
        fail_msg("%s", qv_error_text());
      }
      dense_run(program, 1e-9, judge, &v);
      if (v.leaves != 1 || v.holds != 1) {
        fail_msg("%s known, this does not hold: %s %s", late ? "later" : "now", claims[i].variables, claims[i].claim);
      }
      qv_qasm_destroy(&program);
    }
  }
}

/* ---- programs ---- */

/* A program and the distribution of its first classical register, as "bits probability ...". */
static const struct {
  const char *text, *result;
} programs[] = {
    {"bit[8] out; uint[8] sum = 0; for int i in [1:4] { sum += i; } out = sum;", "00001010 1"},
    {"bit[8] out; uint[8] sum = 0; for int i in [10:-3:1] { sum += i; } out = sum;", "00010110 1"},
    {"bit[8] out; uint[8] sum = 0; for uint i in {1, 5, 10} sum += i; out = sum;", "00010000 1"},
    {"bit[8] out; uint[8] sum = 0; for int i in [3:2] { sum = 9; } out = sum;", "00000000 1"},
    {"bit[8] out; uint[8] sum = 0; bit[4] r = \"1011\"; for bit b in r { sum = sum * 2 + b; } out = sum;",
     "00001101 1"},
    {"bit[8] out; array[uint[8], 3] v = {3, 4, 5}; uint[8] sum = 0; for uint[8] x in v { sum += x; x = 0; } out = sum "
     "+ v[0];",
     "00001111 1"},
    {"bit[8] out; uint[8] sum = 0; for int i in [0:9] { if (i == 2) continue; if (i == 5) break; sum += i; } out = "
     "sum;",
     "00001000 1"},
    {"bit[8] out; uint[8] i = 0; while (i < 10) { i += 3; } out = i;", "00001100 1"},
    {"bit[4] out; qubit q; h q; bit b = measure q; uint[4] i = 0; if (b) { i = 3; } else { i = 5; } out = i;",
     "0011 0.5 0101 0.5"},
    {"bit[4] out; qubit q; h q; bit b = measure q; if (b) out = 3; else if (!b) out = 5; else out = 9;",
     "0011 0.5 0101 0.5"},
    {"bit[4] out; qubit q; uint[4] n = 0; bit b; for int i in [0:3] { h q; b = measure q; if (b) break; n += 1; } out "
     "= n;",
     "0000 0.5 0001 0.25 0010 0.125 0011 0.0625 0100 0.0625"},
    {"bit[4] out; qubit q; uint[4] n = 0; for int i in [0:1] { h q; bit b = measure q; if (b) continue; n += 1; } out "
     "= n;",
     "0000 0.25 0001 0.5 0010 0.25"},
    {"bit[4] out; qubit q; uint[4] n = 0; bit b; while (!b && n < 3) { h q; b = measure q; n += 1; } out = n;",
     "0001 0.5 0010 0.25 0011 0.25"},
    {"bit[2] out; qubit q; bit b; while (true) { h q; b = measure q; out ^= \"01\"; if (b) break; }",
     "01 0.6666666666666666 00 0.3333333333333333"},
    {"bit[4] out; qubit q; h q; bit b = measure q; uint[4] sum; for int i in [0 : 2 + int(b)] { sum += i; } out = sum;",
     "0011 0.5 0110 0.5"},
    {"bit[4] out; qubit q; h q; bit b = measure q; uint[4] sum; for int i in [3 : -1 : 2 * int(b)] { sum += i; } out = "
     "sum;",
     "0110 0.5 0101 0.5"},
    {"bit[4] out; qubit[2] q; bit[2] b; h q; b = measure q; switch (int(b)) { case 0, 3 { out = 1; } case 1 { out = 2; "
     "} "
     "default { out = 4; } }",
     "0001 0.5 0010 0.25 0100 0.25"},
    {"bit[4] out; int k = 2; switch (k) { case 1 { out = 1; } case k0, 5 { out = 2; } default { out = 4; } }",
     "0010 1"},
    {"bit[4] out; switch (7) { case 1 { out = 1; } default { out = 4; } } ", "0100 1"},
    {"bit[8] out; def f(uint[8] n) -> uint[8] { if (n <= 1) { return 1; } return n * f(n - 1); } out = f(5);",
     "01111000 1"},
    {"bit[2] out; qubit[2] q; def flip(qubit a, qubit b) -> bit { x a; cx a, b; return measure b; } out[1] = "
     "flip(q[0], q[1]);",
     "10 1"},
    {"bit[2] out; qubit[2] q; def both(qubit[2] a) -> bit[2] { x a[1]; return measure a; } out = both(q);", "10 1"},
    {"bit[2] out; qubit q; def coin(qubit a) -> uint[2] { h a; bit b; b = measure a; if (b) { return 3; } return 1; } "
     "out = coin(q);",
     "11 0.5 01 0.5"},
    {"bit[4] out; def add(mutable array[int[8], 3] v, int[8] k) { for int i in [0:2] { v[i] += k; } } "
     "array[int[8], 3] w = {1, 2, 3}; add(w, 2); out = w[0] + w[2];",
     "1000 1"},
    {"bit[4] out; def total(readonly array[int[8], #dim = 1] v) -> int[8] { int[8] sum = 0; "
     "for int i in [0:sizeof(v) - 1] { sum += v[i]; } return sum; } array[int[8], 3] w = {1, 2, 4}; out = total(w);",
     "0111 1"},
    {"bit[4] out; def nothing(qubit a) { return; } qubit q; nothing(q); nothing q; out = 5;", "0101 1"},
    {"bit[4] out; qubit q; h q; bit b = measure q; if (b) { out = 1; end; } out = 2;", "0001 0.5 0010 0.5"},
    {"bit[4] out; qubit[4] q; let odd = q[1:2:3]; x odd; let some = q[0:0] ++ q[3:3]; x some[1]; out = measure q;",
     "0010 1"},
    {"bit[4] out; qubit[2] q; let low = out[0:1]; x q; low = measure q; out[2:3] = \"10\";", "1011 1"},
    {"bit[4] out; let back = out[3:-1:0]; back = \"0001\";", "1000 1"},
    {"bit[4] out; qubit q; h q; bit b = measure q; let back = out[{3, 0}]; back[0] = b; back[1] = !b;",
     "1000 0.5 0001 0.5"},
    {"bit[4] out; qubit q; h q; bit b = measure q; bit[2] sum; sum[1] = b; out[{3, 0}] = sum << 0; out[1] = 1;",
     "0011 0.5 0010 0.5"},
    {"bit[4] out; qubit q; h q; bit b = measure q; int i = 1; if (b) i = 2; out[i] = 1;", "0010 0.5 0100 0.5"},
    {"bit[4] out; qubit q; h q; bit b = measure q; int i = -1; if (b) i = 0; out[i] = 1; out[i] ^= 0;",
     "1000 0.5 0001 0.5"},
    {"bit[4] out; qubit q; h q; bit b = measure q; array[uint[4], 3] v = {1, 2, 3}; v[int(b) + 1] = 9; out = v[1] + "
     "v[2];",
     "1100 0.5 1011 0.5"},
    {"bit[4] out; qubit q; h q; bit b = measure q; array[uint[4], 2] v = {1, 2}; array[uint[4], 2] w; w = v; "
     "if (b) w[0] = 4; v = w; out = v[0] + v[1];",
     "0011 0.5 0110 0.5"},
    {"bit[1] out; bit[70] w; qubit q; x q; w[69] = measure q; if (w == "
     "\"1000000000000000000000000000000000000000000000000"
     "000000000000000000000\") out[0] = 1;",
     "1 1"},
    {"bit[1] out; bit[70] w; bit[70] v; qubit q; h q; w[69] = measure q; v = w; out[0] = v != w; if (w == 0) out[0] = "
     "1;",
     "1 0.5 0 0.5"},
    {"bit[1] out; bit[70] w = \"0000000000000000000000000000000000000000000000000000000000000000000001\"; bit[70] v; "
     "v[1:69] = w[0:68]; if (v == 2) out[0] = 1;",
     "1 1"},
    {"bit[3] out; angle[3] c; qubit q; x q; measure q -> c[0]; c <<= 2; out = bit[3](c);", "100 1"},
    {"bit[2] out; bool hit; qubit q; x q; hit = measure q; if (hit) out[1] = 1;", "10 1"},
    {"bit[2] out; uint[2] hit; qubit[2] q; x q[1]; hit = measure q; out = hit;", "10 1"},
    {"bit[2] out; qubit q; x q; bit b = measure q; { int i = 1; { int i = 2; } out = i; } nop q; nop;", "01 1"},
    {"bit[2] out; qubit q; qubit r; h q; bit b = measure q; gate turn(t) a { ry(t) a; } turn(pi * int(b)) r; out[0] = "
     "b; "
     "out[1] = measure r;",
     "00 0.5 11 0.5"},
    {"bit[2] out; qubit q; qubit r; h q; bit b = measure q; inv @ ry(pi * int(b)) r; pow(int(b)) @ rz(1) r; out[0] = "
     "b; "
     "out[1] = measure r;",
     "00 0.5 11 0.5"},
    {"bit[2] out; qubit q; qubit r; h q; bit b = measure q; U(pi * int(b), 0, pi) r; ctrl @ p(pi * int(b)) r, q; "
     "out[0] = b; "
     "out[1] = measure r;",
     "00 0.5 11 0.5"},
    {"bit[2] out; qubit q; qubit r; h q; bit b = measure q; pow(2) @ U(pi * int(b) / 2, 0, 0) r; out[0] = b; "
     "out[1] = measure r;",
     "00 0.5 11 0.5"},
    {"bit[2] out; def f(qubit a) -> bit { x a; return measure a; } out[1] = f($1);", "10 1"},
    {"bit[2] out; qubit[2] q; for int i in [0:1] { h q[i]; out[i] = measure q[i]; if (out[i]) end; }",
     "01 0.5 10 0.25 00 0.25"},
    {"bit[4] out; qubit q; h q; bit b = measure q; def g(bit b) -> uint[4] { for int i in [1:3] { if (b) { return i; } "
     "} "
     "return 9; } out = g(b);",
     "0001 0.5 1001 0.5"},
    {"bit[4] out; qubit q; uint[4] n = 0; for int i in [1:2] { for int j in [1:2] { h q; if (bool(measure_of(q))) "
     "break; n += 1; } }"
     " out = n;",
     "0000 0.25 0001 0.25 0010 0.3125 0011 0.125 0100 0.0625"},
    {"bit[2] out; x $1; out[0] = measure $0; out[1] = measure $1; reset $1; measure $1 -> out[0];", "10 1"},
    {"bit[2] out; const int n = 2; qubit[n] q; const angle[4] half = pi; ry(half) q[n - 1]; out = measure q;", "10 1"},
    {"bit[2] out; qubit[2] q; x q; reset q[0]; barrier q; barrier; out = measure q;", "10 1"},
    {"bit[2] out; qubit q; bit b; bit a; h q; a = measure q; def same(bit u, bit v) -> bool { return u == v; } "
     "out[0] = same(a, b) || b; out[1] = same(b, b) && a;",
     "01 0.5 10 0.5"},
};

typedef struct {
  double p[256]; /* by value of the bits [first, first + size) */
  int64_t first, size;
} counts;

static void count_bits(void *context, double probability, const qv_qasm_machine *machine)
{
  counts *c = context;
  const uint8_t *memory = qv_qasm_machine_memory(machine) + c->first;
  int value = 0;
  for (int64_t bit = 0; bit < c->size; bit++) {
    value |= memory[bit] << bit;
  }
  c->p[value] += probability;
}

static void programs_give_their_results(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    char text[8000];
    counts c = {{0}, 0, 0};
    double left = 1;
    snprintf(text, sizeof text,
             "OPENQASM 3.1;\ninclude \"stdgates.inc\";\nconst int k0 = 2;\n"
             "def measure_of(qubit a) -> bit { return measure a; }\n%s",
             programs[i].text);
    qv_qasm_program *program = NULL;
    if (qv_qasm_parse("program.qasm", NULL, text, strlen(text), NULL, &program) != QV_OK) {
      fail_msg("%s", qv_error_text());
    }
    c.size = program->cregs[0].size;
    dense_run(program, 1e-9, count_bits, &c);
    const char *at = programs[i].result;
    while (*at) {
      char *end = NULL;
      const long value = strtol(at, &end, 2);
      const double wanted = strtod(end, &end);
      if (fabs(c.p[value] - wanted) > 1e-7) {
        fail_msg("%s: %.*s has probability %g, not %g", programs[i].text, (int)c.size, at, c.p[value], wanted);
      }
      left -= wanted;
      at = end + strspn(end, " ");
    }
    assert_true(fabs(left) < 1e-9);
    qv_qasm_destroy(&program);
  }
}

/* ---- the examples of the language's authors ---- */

static qv_qasm_program *example(const char *name)
{
  char path[1024];
  qv_qasm_program *program = NULL;
  snprintf(path, sizeof path, QV_DATA_DIR "/circuits/openqasm3/%s", name);
  if (qv_qasm_read(qv_comm_self(), path, NULL, &program) != QV_OK) {
    fail_msg("%s", qv_error_text());
  }
  return program;
}

/* The distribution of one bit of memory. */
static double probability_of_one(const qv_qasm_program *program, int64_t bit, double least)
{
  counts c = {{0}, bit, 1};
  dense_run(program, least, count_bits, &c);
  return c.p[1] / (c.p[0] + c.p[1]);
}

static void repeat_until_success_succeeds(void **state)
{
  (void)state;
  qv_qasm_program *program = example("rus.qasm");
  const qv_qasm_register *output = &program->cregs[1];
  assert_string_equal(output->name, "output_qubit");
  assert_true(probability_of_one(program, output->first, 1e-6) < 1e-12);
  qv_qasm_destroy(&program);
}

static void syndromes_are_corrected(void **state)
{
  (void)state;
  qv_qasm_program *program = example("qec.qasm");
  for (int bit = 0; bit < 3; bit++) {
    assert_true(probability_of_one(program, bit, 1e-12) < 1e-12);
  }
  assert_true(probability_of_one(program, 3, 1e-12) > 1 - 1e-12); /* syn == 1 */
  qv_qasm_destroy(&program);
}

static void the_inverse_transform_finds_zero(void **state)
{
  (void)state;
  qv_qasm_program *program = example("inverseqft1.qasm");
  for (int bit = 0; bit < 4; bit++) {
    assert_true(probability_of_one(program, bit, 1e-12) < 1e-12);
  }
  qv_qasm_destroy(&program);
}

typedef struct {
  double p[1024];
  const qv_qasm_register *c;
} phases;

static void count_phase(void *context, double probability, const qv_qasm_machine *machine)
{
  phases *result = context;
  const double turns = qv_qasm_machine_value(machine, result->c) / 6.283185307179586;
  result->p[(int)lround(turns * 1024) % 1024] += probability;
}

/* Each round measures a qubit in the state P(2^i theta r - c)|+> in the X basis; r is 0 or 1 with probability 1/2. */
static double ipe_history(int rounds, int bits, double r)
{
  double p = 1;
  int c = 0;
  for (int i = 0; i < rounds; i++) {
    const int outcome = bits >> (rounds - 1 - i) & 1;
    const double angle = ldexp(3 * 3.141592653589793 / 8, i) * r - 6.283185307179586 * c / 1024;
    p *= outcome ? pow(sin(angle / 2), 2) : pow(cos(angle / 2), 2);
    c = (c | outcome) << 1 & 1023;
  }
  return p;
}

static void phase_estimation_has_the_right_distribution(void **state)
{
  (void)state;
  static phases result;
  static double wanted[1024];
  qv_qasm_program *program = example("ipe.qasm");
  assert_int_equal(program->ncreg, 0);
  for (int i = 0; i < program->nvariable; i++) {
    if (strcmp(program->variables[i].name, "c") == 0) {
      result.c = &program->variables[i];
    }
  }
  assert_non_null(result.c);
  assert_int_equal(result.c->size, 10);
  dense_run(program, 1e-12, count_phase, &result);
  for (int bits = 0; bits < 1024; bits++) {
    wanted[bits << 1 & 1023] += 0.5 * ipe_history(10, bits, 0) + 0.5 * ipe_history(10, bits, 1);
  }
  for (int k = 0; k < 1024; k++) {
    assert_true(fabs(result.p[k] - wanted[k]) < 1e-8);
  }
  qv_qasm_destroy(&program);
}

static void other_examples_have_their_shape(void **state)
{
  (void)state;
  qv_qasm_counts counts_of;
  qv_qasm_program *program = example("varteleport.qasm");
  assert_int_equal(program->nqubit, 21);
  assert_int_equal(qv_qasm_count(program, &counts_of), QV_OK);
  assert_int_equal(counts_of.measure, 21);
  assert_int_equal(counts_of.gates[QV_QASM_CX], 20);
  assert_int_equal(counts_of.gates[QV_QASM_X], 10);
  qv_qasm_destroy(&program);
  program = example("qpt.qasm");
  assert_int_equal(program->nop, 5);
  qv_qasm_destroy(&program);
  program = example("cphase.qasm"); /* a fragment: q is not declared */
  assert_int_equal(program->nqubit, 2);
  assert_non_null(strstr(program->notes, "cphase.qasm:9:16: note: a fragment without declarations: 'q' is taken as 2 "
                                         "qubits"));
  double complex u[16], wanted[16] = {0};
  for (int i = 0; i < 4; i++) {
    wanted[5 * i] = i == 3 ? I : 1;
  }
  dense_unitary(program, 2, u);
  assert_true(dense_distance(u, wanted, 16, true) < 1e-14);
  qv_qasm_destroy(&program);
}

static void inputs_and_outputs_are_known_by_name(void **state)
{
  (void)state;
  const char *text = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\ninput angle[32] theta;\ninput int n;\ninput bit b;\n"
                     "output bit result;\nint other;\nqubit q;\nry(theta) q;\nresult = measure q;\nother = n + "
                     "int(result) + int(b);\n";
  const qv_qasm_input inputs[] = {{"n", 4}, {"theta", 3.141592653589793}, {"b", 1}};
  const qv_qasm_opts opts = {.inputs = inputs, .ninput = 3, .max_ops = 1000};
  qv_qasm_program *program = NULL;
  assert_int_equal(qv_qasm_parse("inputs.qasm", NULL, text, strlen(text), &opts, &program), QV_OK);
  assert_int_equal(program->ncreg, 2);
  assert_false(program->cregs[0].output);
  assert_true(program->cregs[1].output);
  assert_int_equal(program->nvariable, 1);
  assert_string_equal(program->variables[0].name, "other");
  assert_false(program->variables[0].output);
  assert_true(program->cregs[1].scalar);
  assert_true(probability_of_one(program, 1, 1e-15) > 1 - 1e-12);
  qv_qasm_destroy(&program);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(claims_hold_now_and_later),        cmocka_unit_test(programs_give_their_results),
      cmocka_unit_test(repeat_until_success_succeeds),    cmocka_unit_test(syndromes_are_corrected),
      cmocka_unit_test(the_inverse_transform_finds_zero), cmocka_unit_test(phase_estimation_has_the_right_distribution),
      cmocka_unit_test(other_examples_have_their_shape),  cmocka_unit_test(inputs_and_outputs_are_known_by_name),
  };
  qv_parallel_begin(&argc, &argv);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
