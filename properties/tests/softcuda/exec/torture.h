#pragma once
/// Functions with control flow that diverges in every way, for nvcc and for the host's compiler alike. Each
/// maps a lane's input to a result through loops, switches and jumps that depend on it.
#ifdef __CUDACC__
#define TORTURE __device__ inline
#define TORTURE_CALL __device__ __noinline__
#else
#define TORTURE inline
#define TORTURE_CALL inline
#endif

namespace torture {

using word = unsigned;

TORTURE word mix(word x) { return (x ^ (x >> 15)) * 2246822519u + 40503u; }

/// Loops in loops, left by break and continue at depths that differ between lanes.
TORTURE word nested_loops(word x) {
  word r = x;
  for (word i = 0; i < x % 7 + 2; ++i) {
    for (word j = 0; j < (x >> 3) % 5 + 1; ++j) {
      r = mix(r + i * 31 + j);
      if (r % 11 == 0) continue;
      if (r % 13 == 1) break;
      for (word k = 0; k < (r >> 7) % 4; ++k) {
        r += k * x;
        if (r % 17 == 3) goto next;
      }
      r ^= 0x55;
    }
    if (r % 19 == 5) break;
  next:
    r += i;
  }
  return r;
}

/// A switch with fall-through inside a loop: tables of branches.
TORTURE word switches(word x) {
  word r = x;
  for (int step = 0; step < 12; ++step) {
    switch (r % 9) {
      case 0: r = mix(r); [[fallthrough]];
      case 1: r += 3; break;
      case 2: r = r * 5 + 1; break;
      case 3: r ^= r >> 3; [[fallthrough]];
      case 4: r += 77; [[fallthrough]];
      case 5: r = mix(r ^ 9); break;
      case 6: return r + static_cast<word>(step);
      case 7: r = ~r; break;
      default: r = r / 3 + 11; break;
    }
  }
  return r;
}

/// Jumps into and out of loops by goto: a graph that no nesting of loops makes (irreducible).
TORTURE word irregular(word x) {
  word r = mix(x), steps = 0;
  if (x & 1) goto inside;
outside:
  r += 7;
  if (++steps > 40) return r;
  if (r & 2) goto middle;
inside:
  r = mix(r);
  if (++steps > 40) return r ^ 1;
  if (r % 5 == 0) goto outside;
middle:
  r ^= steps * 0x9e37u;
  if (++steps > 40) return r ^ 2;
  if (r % 3 == 0) goto inside;
  if (r % 7 != 0) goto outside;
  return r ^ 3;
}

/// Early returns at many depths.
TORTURE word early(word x) {
  if (x % 5 == 0) return 1;
  word r = mix(x);
  if (r % 4 == 0) return r;
  for (word i = 0; i < 9; ++i) {
    r = mix(r + i);
    if (r % 10 == 0) return r + i;
    if (x % 3 == 0) {
      if (r % 6 == 1) return ~r;
    } else if (r % 8 == 5) {
      return r * 3;
    }
  }
  return r;
}

/// Short circuits: conditions that are control flow.
TORTURE word conditions(word x) {
  word r = x;
  for (int i = 0; i < 6; ++i) {
    if ((r % 3 == 0 && mix(r) % 2 == 0) || (r % 5 == 1 && (mix(r) % 3 == 1 || x % 2 == 0)))
      r = mix(r) + 1;
    else
      r = r % 2 == 0 ? r / 2 + 1000 : 3 * r + 1;
  }
  return r;
}

/// Collatz: trip counts from a few to hundreds.
TORTURE word long_loop(word x) {
  word n = x % 1000 + 1, steps = 0;
  while (n != 1 && steps < 500) {
    n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    ++steps;
  }
  return steps;
}

/// Calls that only some lanes make, and calls inside of them.
TORTURE_CALL word leaf(word x, word y) { return x % 2 == 0 ? mix(x + y) : x * y + 1; }
TORTURE_CALL word inner(word x, word n) {
  word r = x;
  for (word i = 0; i < n; ++i) {
    r = leaf(r, i);
    if (r % 7 == 0) return r;
  }
  return r + n;
}
TORTURE word calls(word x) {
  word r = x % 3 == 0 ? inner(x, x % 6) : leaf(x, 5);
  if (r % 4 == 1) r = inner(r, 3);
  return r;
}

}  // namespace torture
