#include "properties/power/cases.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "harness/problem/names.h"
#include "kernels/kernel.h"
#include "properties/random_cases.h"
#include "properties/simpler.h"

namespace flashdiff::power {
namespace {

/// Adds what an entry takes: the parts of its name between underscores, "f16_d64_mod", "half_f16_any". False
/// where none of them is a dtype.
bool add_entry(const std::string& name, CasesOf& cases) {
  std::optional<DType> dtype;
  int dim = 0;
  std::istringstream parts(name);
  for (std::string part; std::getline(parts, part, '_');) {
    if (const auto named_dtype = named<DType>(part)) dtype = named_dtype;
    if (const auto form = named<RopeForm>(part)) cases.forms.push_back(*form);
    if (part == "mod") cases.options.without.clear();
    if (part.size() > 1 && part[0] == 'd') std::from_chars(part.data() + 1, part.data() + part.size(), dim);
  }
  if (!dtype) return false;
  cases.options.dtypes.push_back(*dtype);
  // A name without a head dim takes all.
  cases.options.largest_head_dim =
      std::max(cases.options.largest_head_dim, dim > 0 ? dim : CaseOptions{}.largest_head_dim);
  return true;
}

}  // namespace

Outcome<CasesOf> cases_for(const Mutant& mutant, const std::vector<Extra>& without) {
  CasesOf cases;
  std::string known;
  bool found = false;
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    known += (known.empty() ? "" : ", ") + std::string(kernel.name);
    if (kernel.name != mutant.kernel) continue;
    found = true;
    cases.options.pass = kernel.plan.pass;
    cases.options.most_queries = kernel.plan.most_queries;
  }
  if (!found)
    return bad_input(
        fmt::format("'{}': no kernel '{}', expected one of: {}", mutant.title, mutant.kernel, known));
  const auto leave_out = [&without](CasesOf& of) {
    of.options.without.insert(of.options.without.end(), without.begin(), without.end());
  };
  if (mutant.only.empty()) {
    leave_out(cases);
    return cases;
  }
  cases.options.largest_head_dim = 0;
  cases.options.without = {Extra::softcap, Extra::alibi, Extra::sink};
  std::istringstream entries(mutant.only);
  for (std::string entry; entries >> entry;)
    if (!add_entry(entry, cases))
      return bad_input(
          fmt::format("'{}': only, '{}' names no entry, expected one with its dtype, such as f16_d32",
                      mutant.title, entry));
  leave_out(cases);
  return cases;
}

rc::Shrinkable<Case> draw(std::uint64_t seed, std::uint64_t index, const CasesOf& cases) {
  // Whether generators may be evaluated by several threads at once, RapidCheck does not say.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  Case c = draw_case(seed, index, cases.options).value();
  if (c.problem.rope && !cases.forms.empty() && std::ranges::count(cases.forms, c.problem.rope->form) == 0)
    c.problem.rope->form = cases.forms.front();
  return shrinkable(std::move(c));
}

}  // namespace flashdiff::power
