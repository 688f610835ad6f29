#pragma once
#include <string>
#include <vector>

namespace flashdiff::detail {

/// What would make a row right, in words that other rows may share; several, the most telling first.
using Words = std::vector<std::string>;

/// What most of the rows that were looked at have in common: "as if ... (5 of 6 rows that were looked at)".
/// Of equals what was said first. Empty where none of them says anything.
[[nodiscard]] std::string most_said(const std::vector<Words>& of_rows);

/// How many wrong rows are asked what they have in common.
inline constexpr std::size_t kRowsAsked = 6;

/// At most `count` of them, spread evenly.
template <class Row>
[[nodiscard]] std::vector<Row> spread(const std::vector<Row>& rows, std::size_t count) {
  std::vector<Row> chosen;
  const std::size_t step = rows.size() > count ? rows.size() / count : 1;
  for (std::size_t i = 0; i < rows.size() && chosen.size() < count; i += step) chosen.push_back(rows[i]);
  return chosen;
}

}  // namespace flashdiff::detail
