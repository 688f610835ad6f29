#pragma once
#include <string>
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
