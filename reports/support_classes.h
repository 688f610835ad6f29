#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "reports/templates.h"

// What stands behind a count of the support matrix: the classes, each with every profile's answer, and the
// reasons that these lead to.

namespace flashdiff::detail {

/// The axes that the classes are told along; anchors number their values.
struct ClassAxes {
  std::vector<std::string> ways, phases, masks;
};
[[nodiscard]] ClassAxes axes_of(const nlohmann::json& profiles);

/// Ids of elements.
[[nodiscard]] std::string class_anchor(std::size_t way, std::size_t phase, std::size_t mask);
[[nodiscard]] std::string way_anchor(const ClassAxes& axes, const std::string& way);
[[nodiscard]] std::string reason_anchor(const std::string& profile, std::size_t number);

/// Why entries of a profile are no yes.
struct WhyNot {
  std::string said, by, why;
  std::int64_t count = 0;
  std::vector<std::string> examples;  ///< how it was handed over, and its line
};
/// The most frequent first.
[[nodiscard]] std::vector<WhyNot> why_not(const nlohmann::json& profile);

/// Tags `ways` (every class, with its answers) and `axes` (element type, head dim, modifier, order in
/// memory), each value with the classes that it is in.
void fill_classes(View& root, const nlohmann::json& profiles, const ClassAxes& axes);
void fill_axes(View& root, const nlohmann::json& profiles, const ClassAxes& axes);

}  // namespace flashdiff::detail
