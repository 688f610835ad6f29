#include "properties/features.h"

#include <algorithm>
#include <numeric>

#include "harness/problem/random_bits.h"
#include "properties/choices.h"

namespace flashdiff {
namespace {

/// Those that `options` allow of one list, in the order of the enumeration.
template <class Enum>
std::vector<Enum> allowed(const std::vector<Enum>& list) {
  std::vector<Enum> values;
  for (Enum value : all_of<Enum>)
    if (list.empty() || std::find(list.begin(), list.end(), value) != list.end()) values.push_back(value);
  if constexpr (std::is_same_v<Enum, DataFamily>) std::erase(values, DataFamily::file);
  return values;
}

template <class Enum>
void keep_some(std::vector<Enum>& list) {
  const std::vector<Enum> all = allowed(list);
  std::vector<Enum> kept;
  for (Enum value : all)
    if (*rc::gen::arbitrary<bool>()) kept.push_back(value);
  if (kept.empty()) kept.push_back(*rc::gen::elementOf(all));
  list = std::move(kept);
}

/// One axis of pairs.h as a list of the options: how many values it has, and that it be the n-th of them.
struct Aim {
  std::size_t (*values)(const CaseOptions&);
  void (*at)(CaseOptions&, std::size_t);
};
template <auto kList>
constexpr Aim aim{[](const CaseOptions& o) { return allowed(o.*kList).size(); },
                  [](CaseOptions& o, std::size_t n) { o.*kList = {allowed(o.*kList)[n]}; }};
constexpr std::array kAims{aim<&CaseOptions::phases>, aim<&CaseOptions::paddings>,
                           aim<&CaseOptions::masks>,  aim<&CaseOptions::dtypes>,
                           aim<&CaseOptions::data>,   aim<&CaseOptions::head_dims>};

}  // namespace

const char* name_of(HeadDimKind kind) {
  switch (kind) {
    case HeadDimKind::one: return "1";
    case HeadDimKind::power_of_2: return "power-of-2";
    case HeadDimKind::multiple_of_8: return "multiple-of-8";
    case HeadDimKind::odd_size: return "odd-size";
  }
  return "?";
}

const char* name_of(Extra extra) {
  switch (extra) {
    case Extra::page: return "page";
    case Extra::view: return "view";
    case Extra::spare_rows: return "spare-rows";
    case Extra::group: return "group";
    case Extra::other_d_v: return "other-d-v";
    case Extra::scale: return "scale";
    case Extra::softcap: return "softcap";
    case Extra::alibi: return "alibi";
    case Extra::sink: return "sink";
    case Extra::call_before: return "call-before";
  }
  return "?";
}

bool CaseOptions::may_have(Extra extra) const {
  return std::find(without.begin(), without.end(), extra) == without.end();
}

rc::Gen<CaseOptions> any_part_of(const CaseOptions& options) {
  return rc::gen::exec([options] {
    CaseOptions part = options;
    keep_some(part.paddings);
    keep_some(part.dtypes);
    keep_some(part.masks);
    keep_some(part.data);
    keep_some(part.phases);
    for (Extra extra : all_of<Extra>)
      if (*rc::gen::arbitrary<bool>()) part.without.push_back(extra);
    return part;
  });
}

CaseOptions steered(const CaseOptions& options, std::uint64_t seed, std::uint64_t index) {
  CaseOptions aimed = options;
  if (index % 2 == 0) return aimed;
  std::size_t pairs = 0;
  for (std::size_t a = 0; a < kAims.size(); ++a)
    for (std::size_t b = a + 1; b < kAims.size(); ++b)
      pairs += kAims[a].values(options) * kAims[b].values(options);
  // A step without a common divisor visits every pair once; near the golden section it mixes them well.
  std::size_t step = pairs * 618 / 1000 + 1;
  while (std::gcd(step, pairs) != 1) ++step;
  std::size_t pair = (detail::folded(seed, pairs) + index / 2 % pairs * step) % pairs;
  for (std::size_t a = 0; a < kAims.size(); ++a)
    for (std::size_t b = a + 1; b < kAims.size(); ++b) {
      const std::size_t others = kAims[b].values(options), both = kAims[a].values(options) * others;
      if (pair < both) {
        kAims[a].at(aimed, pair / others);
        kAims[b].at(aimed, pair % others);
        return aimed;
      }
      pair -= both;
    }
  return aimed;
}

}  // namespace flashdiff
