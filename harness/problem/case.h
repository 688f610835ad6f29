#pragma once
#include <string>
#include <string_view>

#include "harness/outcome/outcome.h"
#include "harness/problem/layout.h"
#include "harness/problem/problem.h"

namespace flashdiff {

/// One question in one layout: everything that a run needs, and nothing else. Equal cases give equal bytes on
/// every machine.
struct Case {
  Problem problem;
  Layout layout;
  Poison poison = Poison::nan;
  After after = After::nothing;
  bool operator==(const Case&) const = default;
};

/// The repro line, e.g.
///   fd1 b=3 hq=8 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17,0 kv=5,64,12 mask=causal_br data=rising seed=0x2a
/// Keys with their default are left out where a reader would not miss them (mem, pad, page, scale, softcap,
/// alibi, sink, pass, rope, poison=nan, after=nothing). The path of data=file is percent-escaped, so that the
/// line splits at spaces and stands within shell quotes. parse_case(print(c)) == c for every validated case.
[[nodiscard]] std::string print(const Case& c);

/// Parses and validates; keys in any order. An error (bad_input, one line) names the key, what stood there,
/// and what was expected: an unknown, second or missing key, a value that is none, a shape that cannot be.
[[nodiscard]] Outcome<Case> parse_case(std::string_view line);

/// Limits and consistency, once, at the border: at least one sequence, lengths >= 0, h_kv divides h_q,
/// 1 <= d <= 256, window bounds in a window only, a positive scale and softcap, a file with family `file`
/// only, of an append q_len <= kv_len and no scores, no tensor above 2 GiB (all limits: limits.h).
[[nodiscard]] Outcome<Case> validated(Case c);

}  // namespace flashdiff
