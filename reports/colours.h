#pragma once
#include <string>

namespace flashdiff {

/// Colours of budget use on a logarithmic scale, a quarter of a decade a step. Everything within the budget
/// is dark to teal, everything outside yellow to dark red, with a jump at 1: the eye sees the budget's edge,
/// not only large and small. Fixed, so that two maps can be compared.
inline constexpr int first_use_decade = -3, last_use_decade = 3, steps_per_decade = 4;
inline constexpr int colour_steps = (last_use_decade - first_use_decade) * steps_per_decade;
/// The step of what is not a number, behind the others.
inline constexpr int not_a_number_step = colour_steps;

/// 0 to colour_steps - 1 (clamped to the scale), or not_a_number_step.
[[nodiscard]] int colour_step(double use);
/// "#rrggbb".
[[nodiscard]] std::string colour_of_step(int step);

}  // namespace flashdiff
