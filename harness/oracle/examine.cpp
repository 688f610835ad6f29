#include <chrono>

#include <fmt/format.h>

#include "harness/oracle/expected.h"
#include "harness/oracle/judge.h"
#include "harness/oracle/other_layouts.h"

namespace flashdiff {
namespace {

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A failure that only the other layout shows must say so, or its line would be tried in vain.
Verdict seen_in(const Case& other, Verdict failure) {
  const std::string prefix = fmt::format("with {}: ", detail::layout_words(other));
  if (auto* touched = std::get_if<verdict::PaddingTouched>(&failure))
    for (std::string& where : touched->where) where.insert(0, prefix);
  if (auto* fault = std::get_if<verdict::Fault>(&failure)) fault->what.insert(0, prefix);
  if (auto* crash = std::get_if<verdict::Crash>(&failure)) crash->how.insert(0, prefix);
  if (auto* mismatch = std::get_if<verdict::Mismatch>(&failure)) mismatch->words.insert(0, prefix);
  return failure;
}

/// Bits first, then whether the other run kept its own padding untouched. What need not keep bits is held to
/// the budget there: an output that is summed in any order, or all where a backend may take another way
/// through pages than through rows.
Verdict examine_other(Backend& backend, const Case& c, const Answer& answer, const Case& other,
                      const detail::Expected& expected) {
  const Stopwatch watch;
  const Outcome<Answer> there = backend.run(lay_out(other, expected.data));
  if (!there) return seen_in(other, verdict_of(there.error(), watch.seconds()));
  const bool both_or_none = (c.layout.page > 0) == (other.layout.page > 0);
  bool all_bits = both_or_none || expected.numerics.pages_keep_bits;
  if (all_bits) {
    Verdict same = judge_equivalent(expected.numerics, answer, other, *there);
    if (is_failure(same)) return same;
    for (TensorRole output : outputs_of(c.problem.pass))
      all_bits = all_bits && keeps_bits(expected.numerics, output);
  }
  // Equal bits are judged already; what is left is the padding.
  if (all_bits && there->touched.count == 0) return verdict::Pass{};
  Verdict alone = judge(other, expected.numerics, expected.wanted, *there);
  return is_failure(alone) ? seen_in(other, std::move(alone)) : alone;
}

}  // namespace

Verdict verdict_of(const Error& error, double seconds, const std::string& where) {
  switch (error.kind) {
    case ErrorKind::device_fault: return verdict::Fault{where + error.what, error.detail};
    case ErrorKind::crash: return verdict::Crash{where + error.what};
    case ErrorKind::timeout: return verdict::Timeout{seconds};
    case ErrorKind::unsupported: return verdict::Unsupported{where + error.what};
    case ErrorKind::bad_input:
    case ErrorKind::harness: break;
  }
  return verdict::NotExecuted{where + error.what};
}

Examination examine(Backend& backend, const Case& c) {
  Examination examined;
  if (const Support support = backend.supports(c); !support.yes) {
    examined.verdict = verdict::Unsupported{support.why_not};
    return examined;
  }
  const Numerics numerics = backend.numerics(c.problem);
  const Outcome<detail::Found> found = detail::expected_of(c.problem, numerics);
  if (!found) {
    examined.verdict = verdict_of(found.error(), 0);
    return examined;
  }
  const detail::Expected& expected = *found->expected;
  if (found->fresh) examined.reference_ms = expected.reference_ms;

  const LaidOut sent = lay_out(c, expected.data);
  const Stopwatch watch;
  Outcome<Answer> ran = backend.run(sent);
  examined.device_ms = 1000 * watch.seconds();
  if (!ran) {
    examined.verdict = verdict_of(ran.error(), examined.device_ms / 1000);
    return examined;
  }
  const Answer& answer = examined.answer.emplace(std::move(*ran));
  examined.verdict = judge(c, numerics, expected.wanted, answer);
  if (is_failure(examined.verdict)) return examined;
  for (const Case& other :
       detail::other_layouts(c, [&backend](const Case& other) { return backend.supports(other).yes; })) {
    if (examined.relations.empty()) examined.relations.emplace_back(layouts_relation);
    Verdict there = examine_other(backend, c, answer, other, expected);
    // A run that could not be made proves nothing either way, so only failures replace the verdict.
    if (!is_failure(there)) continue;
    examined.verdict = std::move(there);
    break;
  }
  return examined;
}

}  // namespace flashdiff
