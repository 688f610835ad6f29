#include "properties/power/cases.h"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <sstream>

#include <fmt/format.h>

#include "harness/problem/names.h"
#include "kernels/kernel.h"
#include "properties/appends.h"
#include "properties/random_cases.h"
#include "properties/simpler.h"

namespace flashdiff::power {

Outcome<CasesOf> cases_for(const Mutant& mutant) {
  CasesOf cases;
  std::string known;
  bool found = false;
  for (const kernels::Kernel& kernel : kernels::all_kernels()) {
    known += (known.empty() ? "" : ", ") + std::string(kernel.name);
    if (kernel.name != mutant.kernel) continue;
    found = true;
    cases.pass = kernel.plan.pass;
    cases.options.most_queries = kernel.plan.most_queries;
  }
  if (!found)
    return bad_input(
        fmt::format("'{}': no kernel '{}', expected one of: {}", mutant.title, mutant.kernel, known));
  if (mutant.only.empty()) return cases;
  cases.options.largest_head_dim = 0;
  cases.modifiers = false;
  std::istringstream entries(mutant.only);
  for (std::string entry; entries >> entry;) {
    const std::size_t at = entry.find("_d");
    const auto dtype = named<DType>(entry.substr(0, at));
    int dim = 0;
    if (at != std::string::npos) std::from_chars(entry.data() + at + 2, entry.data() + entry.size(), dim);
    if (!dtype || dim < 1)
      return bad_input(
          fmt::format("'{}': only, '{}' names no entry, expected a dtype and a head dim such as f16_d32",
                      mutant.title, entry));
    cases.modifiers = cases.modifiers || entry.ends_with("_mod");
    cases.options.dtypes.push_back(*dtype);
    cases.options.largest_head_dim = std::max(cases.options.largest_head_dim, dim);
  }
  return cases;
}

rc::Shrinkable<Case> draw(std::uint64_t seed, std::uint64_t index, const CasesOf& cases) {
  // Whether generators may be evaluated by several threads at once, RapidCheck does not say.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  Case c = draw_case(seed, index, cases.options).value();
  if (!cases.modifiers) {
    c.problem.softcap.reset();
    c.problem.alibi = false;
    c.problem.sink.reset();
  }
  if (cases.pass == Pass::backward) {
    c.problem.pass = Pass::backward;
    c.layout.page = 0;
  } else if (cases.pass == Pass::append) {
    // The key of draw_case has zeros here: these draws are others.
    const rc::Random random(rc::Random::Key{seed, index, 1, 0});
    c.problem = any_append(std::move(c.problem))(random, rc::kNominalSize).value();
  }
  return shrinkable(std::move(c));
}

}  // namespace flashdiff::power
