#include "harness/oracle/cross.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/oracle/deviations.h"
#include "harness/oracle/expected.h"
#include "harness/oracle/other_layouts.h"

namespace flashdiff {
namespace {

Compared compare(const std::vector<Testimony>& all, std::size_t one, std::size_t other) {
  const Testimony &a = all[one], &b = all[other];
  Compared found{one, other, 0, {}};
  std::size_t i = 0;
  for (int s = 0; s < a.o.sequences(); ++s)
    for (int head = 0; head < a.o.heads(); ++head)
      for (int row = 0; row < a.o.rows(s); ++row)
        for (int column = 0; column < a.o.width(); ++column, ++i) {
          const double use = detail::budget_use(a.o.values()[i], b.o.values()[i],
                                                a.budget.values()[i] + b.budget.values()[i]);
          if (!detail::worse(use, found.use)) continue;
          found.use = use;
          found.worst = {TensorRole::o, s, head, row, column};
        }
  return found;
}

/// The other layouts that some backend is held to and that all of them take.
std::vector<Case> layouts_of_any(const Case& c, const std::vector<Backend*>& backends) {
  std::vector<Case> all;
  for (const Backend* backend : backends)
    for (Case& other :
         detail::other_layouts(c, [backend](const Case& one) { return backend->supports(one).yes; })) {
      const auto takes = [&other](const Backend* one) { return one->supports(other).yes; };
      const auto is_it = [&other](const Case& known) { return print(known) == print(other); };
      if (std::ranges::all_of(backends, takes) && std::ranges::none_of(all, is_it))
        all.push_back(std::move(other));
    }
  return all;
}

/// Whether everyone of a set, bit by bit, agrees with everyone else of it.
bool agree(std::uint32_t set, const std::vector<Compared>& pairs) {
  return std::all_of(pairs.begin(), pairs.end(), [set](const Compared& pair) {
    const bool both = (set >> pair.one & 1u) != 0 && (set >> pair.other & 1u) != 0;
    return !both || pair.agree();
  });
}

}  // namespace

CrossExamination cross_examine(std::vector<Testimony> testimonies) {
  CrossExamination examined;
  examined.testimonies = std::move(testimonies);
  const std::size_t n = examined.testimonies.size();
  for (std::size_t one = 0; one < n; ++one)
    for (std::size_t other = one + 1; other < n; ++other)
      examined.pairs.push_back(compare(examined.testimonies, one, other));
  // All subsets: witnesses are few.
  std::uint32_t believed = 0;
  bool only_one = false;
  for (std::uint32_t set = 1; set < (std::uint32_t{1} << n); ++set) {
    if (!agree(set, examined.pairs) || std::popcount(set) < std::popcount(believed)) continue;
    only_one = std::popcount(set) > std::popcount(believed);
    believed = set;
  }
  examined.decided = only_one && 2 * static_cast<std::size_t>(std::popcount(believed)) > n;
  if (!examined.decided) return examined;
  for (std::size_t i = 0; i < n; ++i)
    if ((believed >> i & 1u) == 0) examined.alone.push_back(i);
  return examined;
}

Outcome<std::vector<Testimony>> testimonies_of(const Case& c, const std::vector<Backend*>& backends) {
  std::vector<Testimony> all;
  for (Backend* backend : backends) {
    if (const Support support = backend->supports(c); !support.yes)
      return unsupported(fmt::format("{}: {}", backend->name(), support.why_not));
    const auto found = detail::expected_of(c.problem, backend->numerics(c.problem));
    if (!found) return tl::unexpected<Error>(found.error());
    const detail::Expected& expected = *found->expected;
    const WantedTensor& o = expected.wanted.of(TensorRole::o);
    if (all.empty()) {
      all.push_back({"reference", o.want, o.want});
      std::ranges::fill(all.front().budget.values(), 0.0);
    }
    const Outcome<Answer> answer = backend->run(lay_out(c, expected.data));
    if (!answer) return tl::unexpected<Error>(answer.error());
    Testimony made{backend->name(), o.want, o.budget};
    std::ranges::copy(answer->o.values(), made.o.values().begin());
    all.push_back(std::move(made));
  }
  return all;
}

Outcome<CrossExamination> cross_examine(const Case& c, const std::vector<Backend*>& backends) {
  const auto asked = [&backends](const Case& one) {
    return testimonies_of(one, backends).map([](std::vector<Testimony> said) {
      return cross_examine(std::move(said));
    });
  };
  const auto all_agree = [](const CrossExamination& examined) {
    return std::ranges::all_of(examined.pairs, &Compared::agree);
  };
  Outcome<CrossExamination> as_it_is = asked(c);
  if (!as_it_is || !all_agree(*as_it_is)) return as_it_is;
  for (const Case& other : layouts_of_any(c, backends)) {
    Outcome<CrossExamination> examined = asked(other);
    if (!examined || all_agree(*examined)) continue;
    examined->in = detail::layout_words(other);
    return examined;
  }
  return as_it_is;
}

Crossed without_answers(const CrossExamination& examined) {
  Crossed crossed{{}, examined.pairs, examined.alone, examined.decided, examined.in};
  for (const Testimony& testimony : examined.testimonies) crossed.witnesses.push_back(testimony.by);
  return crossed;
}

std::string conclusion_of(const Crossed& crossed) {
  const std::string in = crossed.in.empty() ? "" : fmt::format(" with {}", crossed.in);
  if (!crossed.decided)
    return fmt::format("nobody can say who is wrong{}: no majority agrees with each other", in);
  if (crossed.alone.empty()) return "all agree within their budgets, in every layout that was asked";
  std::vector<std::string> alone;
  for (const std::size_t i : crossed.alone) alone.push_back(crossed.witnesses[i]);
  return fmt::format("{} alone is contradicted{} by all who agree with each other", fmt::join(alone, " and "),
                     in);
}

std::string explain(const CrossExamination& examined) {
  const Crossed crossed = without_answers(examined);
  std::string words;
  for (const Compared& pair : crossed.pairs)
    words += fmt::format("{} and {}: {} ({:.3g} of what their budgets allow together{})\n",
                         crossed.witnesses[pair.one], crossed.witnesses[pair.other],
                         pair.agree() ? "agree" : "DISAGREE", pair.use,
                         pair.agree() ? "" : ", worst at " + place_of(pair.worst));
  return words + conclusion_of(crossed) + "\n";
}

}  // namespace flashdiff
