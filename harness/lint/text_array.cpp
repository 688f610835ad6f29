#include "harness/lint/text_array.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "harness/problem/case_words.h"

namespace flashdiff::lint {
namespace {

using flashdiff::detail::read_number;
using flashdiff::detail::shown;

/// The text without comments, and without what Python prints around a tensor's brackets.
std::string stripped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '#') at = std::min(text.size(), text.find('\n', at));
    if (at < text.size()) plain += text[at];
  }
  const auto open = plain.find('[');
  const auto close = plain.rfind(']');
  const bool wrapped = open != std::string::npos && close != std::string::npos && open < close;
  return wrapped ? plain.substr(open, close + 1 - open) : plain;
}

std::optional<double> number_of(std::string_view word) {
  double value = 0;
  if (word == "True" || word == "true") return 1;
  if (word == "False" || word == "false") return 0;
  if (word.ends_with('.')) word.remove_suffix(1);  // as NumPy prints 1.0
  if (word == "-inf") return -std::numeric_limits<double>::infinity();
  if (read_number(word, value)) return value;
  return std::nullopt;
}

bool digits_of_a_mask(std::string_view word) {
  return word.size() > 1 && word.find_first_not_of("01") == std::string_view::npos;
}

/// Reads rows as they come: by brackets or by lines, whichever the text has.
class Rows {
 public:
  Rows(std::string text, std::string name)
      : text_(std::move(text)), name_(std::move(name)), brackets_(text_.find('[') != std::string::npos) {}

  Outcome<ArrayReader> read() {
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = std::min(text_.size(), text_.find_first_of(" ,\t\r\n[]", at));
      const auto ok = end > at ? take(std::string_view(text_).substr(at, end - at)) : take(text_[at]);
      if (!ok) return tl::unexpected(ok.error());
      at = std::max(end, at + 1);
    }
    if (auto ok = end_row(); !ok) return tl::unexpected(ok.error());
    if (rows_ == 0) return bad_input(name_ + ": no numbers, expected a mask, a row a line");
    if (digits_ && columns_ == 1) return of_digits();
    std::vector<std::int64_t> shape{rows_, columns_};
    if (deepest_ == 3 && planes_ > 0 && rows_ % planes_ == 0) shape = {planes_, rows_ / planes_, columns_};
    return ArrayReader(name_, shape, std::move(values_));
  }

 private:
  /// What stands between words.
  Outcome<void> take(char separator) {
    if (separator == '\n') {
      const auto ended = brackets_ ? Outcome<void>() : end_row();
      ++line_;
      return ended;
    }
    if (separator == '[') {
      deepest_ = std::max(deepest_, ++depth_);
      if (depth_ > 3) return bad_input(name_ + ": more than three nested brackets, expected [batch, seq]");
    }
    if (separator != ']') return {};
    if (depth_-- == 2) ++planes_;
    return end_row();
  }
  Outcome<void> take(std::string_view word) {
    if (word.find("...") != std::string_view::npos)
      return bad_input(
          fmt::format("{}:{}: '...' stands for what was not printed, expected all of it", name_, line_));
    const auto value = number_of(word);
    if (!value) return bad_input(fmt::format("{}:{}: '{}', expected numbers", name_, line_, shown(word)));
    digits_ = digits_ && digits_of_a_mask(word);
    if (digits_) words_.emplace_back(word);
    values_.push_back(*value);
    return {};
  }
  Outcome<void> end_row() {
    const auto columns = static_cast<std::int64_t>(values_.size()) - ended_;
    ended_ += columns;
    if (columns == 0) return {};
    if (rows_ > 0 && columns != columns_)
      return bad_input(fmt::format("{}:{}: a row of {} numbers, expected {} as in the rows before", name_,
                                   line_, columns, columns_));
    columns_ = columns;
    ++rows_;
    return {};
  }
  /// A word a row, a digit a column.
  Outcome<ArrayReader> of_digits() const {
    std::vector<double> values;
    for (const std::string& word : words_) {
      if (word.size() != words_.front().size())
        return bad_input(fmt::format("{}: a row of {} digits, expected {} as in the first row", name_,
                                     word.size(), words_.front().size()));
      for (const char digit : word) values.push_back(digit - '0');
    }
    return ArrayReader(name_, {rows_, static_cast<std::int64_t>(words_.front().size())}, std::move(values));
  }

  std::string text_, name_;
  bool brackets_;
  int line_ = 1, depth_ = 0, deepest_ = 0;
  bool digits_ = true;              ///< so far all words are runs of 0 and 1
  std::vector<std::string> words_;  ///< those
  std::vector<double> values_;
  std::int64_t ended_ = 0;  ///< values of rows that ended
  std::int64_t rows_ = 0, columns_ = 0, planes_ = 0;
};

}  // namespace

Outcome<ArrayReader> read_text_array(std::string_view text, const std::string& name) {
  return Rows(stripped(text), name).read();
}

}  // namespace flashdiff::lint
