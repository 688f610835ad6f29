#include "harness/oracle/verdict.h"

#include <cmath>

#include <fmt/format.h>

#include "harness/oracle/deviations.h"

namespace flashdiff {

const char* row_word(TensorRole output) {
  // K and V are outputs of an append alone.
  if (output == TensorRole::q_rot || output == TensorRole::k || output == TensorRole::v) return "new token";
  return follows_queries(output) ? "row" : "key";
}

const char* head_word(TensorRole output) { return follows_queries(output) ? "head" : "kv-head"; }

std::string place_of(const ElementAt& at) {
  const std::string row = fmt::format("sequence {}, {} {}, {} {}", at.sequence, head_word(at.tensor), at.head,
                                      row_word(at.tensor), at.row);
  return at.tensor == TensorRole::lse ? row : fmt::format("{}, column {}", row, at.column);
}

double BudgetUse::of(TensorRole output) const {
  for (const TensorUse& one : outputs)
    if (one.tensor == output) return one.use;
  return 0;
}

double BudgetUse::worst() const {
  double largest = 0;
  for (const TensorUse& one : outputs)
    if (detail::worse(one.use, largest)) largest = one.use;
  return largest;
}

double WorstElement::use() const { return detail::budget_use(got, want, budget); }

namespace {

struct Name {
  const char* operator()(const verdict::Pass&) const { return "pass"; }
  const char* operator()(const verdict::PassWeak&) const { return "pass-weak"; }
  const char* operator()(const verdict::Mismatch&) const { return "mismatch"; }
  const char* operator()(const verdict::PaddingTouched&) const { return "padding-touched"; }
  const char* operator()(const verdict::Bias&) const { return "bias"; }
  const char* operator()(const verdict::BrokenRelation&) const { return "broken-relation"; }
  const char* operator()(const verdict::NotEquivalent&) const { return "not-equivalent"; }
  const char* operator()(const verdict::Fault&) const { return "fault"; }
  const char* operator()(const verdict::Crash&) const { return "crash"; }
  const char* operator()(const verdict::Timeout&) const { return "timeout"; }
  const char* operator()(const verdict::Unsupported&) const { return "unsupported"; }
  const char* operator()(const verdict::NotExecuted&) const { return "not-executed"; }
};

// A new alternative has to be put on one side or the other, or this does not compile.
struct IsFailure {
  bool operator()(const verdict::Pass&) const { return false; }
  bool operator()(const verdict::PassWeak&) const { return false; }
  bool operator()(const verdict::Mismatch&) const { return true; }
  bool operator()(const verdict::PaddingTouched&) const { return true; }
  bool operator()(const verdict::Bias&) const { return true; }
  bool operator()(const verdict::BrokenRelation&) const { return true; }
  bool operator()(const verdict::NotEquivalent&) const { return true; }
  bool operator()(const verdict::Fault&) const { return true; }
  bool operator()(const verdict::Crash&) const { return true; }
  bool operator()(const verdict::Timeout&) const { return true; }
  bool operator()(const verdict::Unsupported&) const { return false; }
  bool operator()(const verdict::NotExecuted&) const { return false; }
};

}  // namespace

const char* name_of(verdict::BiasTest test) {
  switch (test) {
    case verdict::BiasTest::gain: return "gain";
    case verdict::BiasTest::mean: return "mean";
    case verdict::BiasTest::row_sum: return "row sum";
  }
  return "?";
}

const char* name_of(const Verdict& verdict) { return std::visit(Name{}, verdict); }

bool is_failure(const Verdict& verdict) { return std::visit(IsFailure{}, verdict); }

}  // namespace flashdiff
