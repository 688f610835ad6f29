#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/backend/cudnn/matrix.h"

namespace flashdiff::cudnn {
namespace {

struct Count {
  int yes = 0, unasked = 0, all = 0;
};

std::string in_words(const Count& count) {
  if (count.all == 0) return "-";
  if (count.unasked > 0) return fmt::format("{}/{} ?{}", count.yes, count.all, count.unasked);
  return fmt::format("{}/{}", count.yes, count.all);
}

/// Phase and way, in the order of the classes.
std::vector<std::string> rows_of(const ProfileMatrix& matrix) {
  std::vector<std::string> rows;
  for (const MatrixEntry& entry : matrix.entries) {
    std::string row = fmt::format("{:<9} {}", entry.asked->phase, entry.asked->handed);
    if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(std::move(row));
  }
  return rows;
}

std::string reasons_of(const ProfileMatrix& matrix) {
  std::map<std::string, int> counts;
  for (const MatrixEntry& entry : matrix.entries)
    if (entry.answer.said != Said::yes)
      ++counts[fmt::format("{} ({}): {}", name_of(entry.answer.said), name_of(entry.answer.by),
                           entry.answer.why)];
  std::vector<std::pair<int, std::string>> sorted;
  for (const auto& [why, count] : counts) sorted.emplace_back(count, why);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [count, why] : sorted) text += fmt::format("  {:>4}  {}\n", count, why);
  return text;
}

}  // namespace

std::string text_of(const std::vector<ProfileMatrix>& all) {
  std::string text = fmt::format("{}\n\n{:<26}", matrix_note(), "classes with a yes");
  const ProfileMatrix* asked = nullptr;
  for (const ProfileMatrix& one : all) {
    text += fmt::format("{:>14}", one.profile.name);
    if (one.unasked.empty() && asked == nullptr) asked = &one;
  }
  text += '\n';
  if (asked != nullptr)
    for (const std::string& row : rows_of(*asked)) {
      text += fmt::format("{:<26}", row);
      for (const ProfileMatrix& one : all) {
        Count count;
        for (const MatrixEntry& entry : one.entries) {
          if (fmt::format("{:<9} {}", entry.asked->phase, entry.asked->handed) != row) continue;
          ++count.all;
          count.yes += entry.answer.said == Said::yes ? 1 : 0;
          count.unasked += entry.answer.said == Said::unasked ? 1 : 0;
        }
        text += fmt::format("{:>14}", in_words(count));
      }
      text += '\n';
    }
  for (const ProfileMatrix& one : all) {
    const auto built = std::count_if(one.entries.begin(), one.entries.end(), [](const MatrixEntry& entry) {
      return entry.answer.by == By::build && entry.answer.said == Said::yes;
    });
    text += fmt::format("\n{}: {}, {}\n", one.profile.name, one.profile.about(),
                        one.unasked.empty() ? "cuDNN " + version_in_words(one.version) +
                                                  (built > 0 ? fmt::format(", {} plans built", built) : "")
                                            : "could not be asked: " + one.unasked);
    text += reasons_of(one);
  }
  return text;
}

}  // namespace flashdiff::cudnn
