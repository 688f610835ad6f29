#include "harness/compare/cases.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

namespace flashdiff::compare {
namespace {

/// What is kept of each case of the base.
struct Was {
  std::string kind;
  BudgetUse use;
  bool met = false;
};

bool is_right(const std::string& kind) { return kind == "pass" || kind == "pass-weak"; }
bool is_wrong(const std::string& kind) {
  return !is_right(kind) && kind != "unsupported" && kind != "not-executed";
}

std::string key_of(const CaseRecord& record) { return record.backend + '\n' + record.line; }

BudgetUse use_of_pass(const Verdict& verdict) {
  if (const auto* pass = std::get_if<verdict::Pass>(&verdict)) return pass->use;
  if (const auto* weak = std::get_if<verdict::PassWeak>(&verdict)) return weak->use;
  return {};
}

std::optional<Change> change_of(const std::string& was, const std::string& is) {
  if (was == is) return std::nullopt;
  if (is_wrong(is) && is_right(was)) return Change::new_failure;
  if (is_right(was) && !is_right(is)) return Change::lost_pass;
  if (is_wrong(was) && is_right(is)) return Change::mended;
  return Change::other_kind;
}

class CaseComparison {
 public:
  explicit CaseComparison(std::unordered_map<std::string, Was> base) : base_(std::move(base)) {}

  void take(const CaseRecord& record) {
    const auto found = base_.find(key_of(record));
    if (found == base_.end()) {
      ++changes_.only_next;
      return;
    }
    Was& was = found->second;
    if (!was.met) ++changes_.both;
    was.met = true;
    const std::string is = flashdiff::name_of(record.verdict);
    if (const auto change = change_of(was.kind, is)) {
      changes_.changed.push_back({*change, record.line, record.backend, record.repro_options, was.kind, is,
                                  explain(record.verdict)});
    } else {
      ++changes_.as_before;
    }
    if (is_right(was.kind) && is_right(is)) uses(record, was.use, use_of_pass(record.verdict));
  }

  CaseChanges end() {
    changes_.only_base = static_cast<std::int64_t>(
        std::ranges::count_if(base_, [](const auto& one) { return !one.second.met; }));
    std::ranges::stable_sort(changes_.changed, {}, &ChangedCase::change);
    for (auto& [key, drift] : drift_) changes_.drift.push_back(std::move(drift));
    return std::move(changes_);
  }

 private:
  void uses(const CaseRecord& record, const BudgetUse& was, const BudgetUse& is) {
    bool rose = false, fell = false;
    for (const auto& [tensor, use] : is.outputs) {
      const double before = was.of(tensor);
      rose = rose || use > before;
      fell = fell || use < before;
      UseDrift& drift =
          drift_.try_emplace({record.backend, tensor}, UseDrift{record.backend, tensor, 0, 0, ""})
              .first->second;
      drift.was = std::max(drift.was, before);
      if (use >= drift.is) {
        drift.is = use;
        drift.line = record.line;
      }
    }
    changes_.use_rose += rose ? 1 : 0;
    changes_.use_fell += !rose && fell ? 1 : 0;
  }

  std::unordered_map<std::string, Was> base_;
  std::map<std::pair<std::string, TensorRole>, UseDrift> drift_;
  CaseChanges changes_;
};

}  // namespace

const char* name_of(Change change) {
  switch (change) {
    case Change::new_failure: return "new failure";
    case Change::lost_pass: return "lost pass";
    case Change::other_kind: return "other verdict";
    case Change::mended: return "mended";
  }
  return "?";
}

std::int64_t CaseChanges::worse() const {
  return std::ranges::count_if(changed, [](const ChangedCase& one) {
    return one.change == Change::new_failure || one.change == Change::lost_pass;
  });
}

Outcome<CaseChanges> compare_cases(const Store& base, const Store& next) {
  std::unordered_map<std::string, Was> before;
  const auto read = base.for_each_case([&](const CaseRecord& record) {
    if (!record.shrunk_from)
      before[key_of(record)] = Was{flashdiff::name_of(record.verdict), use_of_pass(record.verdict), false};
  });
  if (!read) return tl::unexpected<Error>(read.error());
  std::unordered_map<std::string, std::int64_t> last;
  const auto numbered = next.for_each_case([&](const CaseRecord& record) {
    if (!record.shrunk_from) last[key_of(record)] = record.id;
  });
  if (!numbered) return tl::unexpected<Error>(numbered.error());
  CaseComparison comparison(std::move(before));
  const auto compared = next.for_each_case([&](const CaseRecord& record) {
    if (!record.shrunk_from && last.at(key_of(record)) == record.id) comparison.take(record);
  });
  if (!compared) return tl::unexpected<Error>(compared.error());
  return comparison.end();
}

}  // namespace flashdiff::compare
