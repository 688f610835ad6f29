#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/names.h"
#include "properties/axis.h"

namespace flashdiff {

/// A whole number in [low, high), evenly: RapidCheck's inRange would narrow with the size, while here the
/// size governs the work of a case alone.
[[nodiscard]] inline rc::Gen<int> whole(int low, int high) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high));
}

/// One of `allowed`, or of everything where nothing is.
template <class Enum>
[[nodiscard]] rc::Gen<Enum> one_of(const std::vector<Enum>& allowed, rc::Gen<Enum> otherwise) {
  if (allowed.empty()) return otherwise;
  return rc::gen::elementOf(allowed);
}

template <class Enum>
[[nodiscard]] rc::Gen<Enum> one_of(const std::vector<Enum>& allowed) {
  const auto& all = all_of<Enum>;
  return one_of(allowed, rc::Gen<Enum>(rc::gen::elementOf(std::vector<Enum>(all.begin(), all.end()))));
}

/// A value and how often it is drawn beside the others.
template <class T>
using Weighted = std::pair<int, T>;

/// One of `table` by its weights, of those that are `allowed`; of everything where nothing is. What is
/// allowed and not in the table is not drawn, unless nothing else is allowed.
template <class T>
[[nodiscard]] rc::Gen<T> one_of_weighted(std::vector<Weighted<T>> table, const std::vector<T>& allowed) {
  return rc::gen::exec([table = std::move(table), allowed] {
    std::vector<Weighted<T>> left;
    int total = 0;
    for (const Weighted<T>& one : table)
      if (allowed.empty() || std::find(allowed.begin(), allowed.end(), one.second) != allowed.end()) {
        left.push_back(one);
        total += one.first;
      }
    if (left.empty()) return *rc::gen::elementOf(allowed);
    int at = *whole(0, total);
    for (const Weighted<T>& one : left)
      if ((at -= one.first) < 0) return one.second;
    return left.back().second;
  });
}

/// True in `times` of `of` draws.
[[nodiscard]] inline rc::Gen<bool> chance(int times, int of) {
  return rc::gen::map(whole(0, of), [times](int drawn) { return drawn < times; });
}

/// The axis of an enumeration: its own names.
template <class Enum>
[[nodiscard]] Axis axis_of_names(std::string name, Enum (*of)(const Case&)) {
  std::vector<std::string> values;
  values.reserve(all_of<Enum>.size());
  for (Enum value : all_of<Enum>) values.emplace_back(name_of(value));
  return {std::move(name), std::move(values),
          [of](const Case& c) { return std::vector<std::string>{name_of(of(c))}; }};
}

}  // namespace flashdiff
