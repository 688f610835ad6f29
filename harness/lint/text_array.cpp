#include "harness/lint/text_array.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "harness/problem/case_words.h"

namespace flashdiff::lint {
namespace {

using detail::read_number;
using detail::shown;

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

/// Rows as they come: brackets or lines, whichever the text has.
class Rows {
 public:
  Rows(std::string text, std::string name)
      : text_(std::move(text)), name_(std::move(name)), brackets_(text_.find('[') != std::string::npos) {}

  Outcome<ArrayReader> read() {
    int line = 1, depth = 0;
    bool digits = true;
    for (std::size_t at = 0; at < text_.size();) {
      const char c = text_[at];
      if (c == '\n') {
        ++line;
        if (!brackets_ && !end_row()) return ragged(line - 1);
        ++at;
      } else if (c == '[') {
        deepest_ = std::max(deepest_, ++depth);
        if (depth > 3) return bad_input(name_ + ": more than three nested brackets, expected [batch, seq]");
        ++at;
      } else if (c == ']') {
        if (!end_row()) return ragged(line);
        if (depth-- == 2) ++planes_;
        ++at;
      } else if (c == ' ' || c == ',' || c == '\t' || c == '\r') {
        ++at;
      } else {
        const auto end = std::min(text_.size(), text_.find_first_of(" ,\t\r\n[]", at));
        const std::string_view word(text_.data() + at, end - at);
        if (word.find("...") != std::string_view::npos)
          return bad_input(
              fmt::format("{}:{}: '...' stands for what was not printed, expected all of it", name_, line));
        const auto value = number_of(word);
        if (!value) return bad_input(fmt::format("{}:{}: '{}', expected numbers", name_, line, shown(word)));
        digits = digits && digits_of_a_mask(word);
        if (digits) words_.emplace_back(word);
        values_.push_back(*value);
        at = end;
      }
    }
    if (!end_row()) return ragged(line);
    if (rows_ == 0) return bad_input(name_ + ": no numbers, expected a mask, a row a line");
    if (digits && columns_ == 1) return of_digits();
    std::vector<std::int64_t> shape{rows_, columns_};
    if (deepest_ == 3 && planes_ > 0 && rows_ % planes_ == 0) shape = {planes_, rows_ / planes_, columns_};
    return ArrayReader(name_, shape, std::move(values_));
  }

 private:
  bool end_row() {
    const auto columns = static_cast<std::int64_t>(values_.size()) - ended_;
    ended_ += columns;
    if (columns == 0) return true;
    if (rows_ > 0 && columns != columns_) {
      found_ = columns;
      return false;
    }
    columns_ = columns;
    ++rows_;
    return true;
  }
  tl::unexpected<Error> ragged(int line) const {
    return bad_input(fmt::format("{}:{}: a row of {} numbers, expected {} as in the rows before", name_, line,
                                 found_, columns_));
  }
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
  std::vector<double> values_;
  std::vector<std::string> words_;
  int deepest_ = 0;
  std::int64_t ended_ = 0, rows_ = 0, columns_ = 0, planes_ = 0, found_ = 0;
};

}  // namespace

Outcome<ArrayReader> read_text_array(std::string_view text, const std::string& name) {
  return Rows(stripped(text), name).read();
}

}  // namespace flashdiff::lint
