#pragma once
#include <string>
#include <string_view>

namespace flashdiff {

/// Well-formed UTF-8 without control characters other than tab and line feed: whatever else stands in `text`
/// (a worker's last words may hold anything) becomes U+FFFD. What XML 1.0 allows (2.2, Characters), less DEL.
[[nodiscard]] std::string cleaned(std::string_view text);

/// Cleaned, and on one line.
[[nodiscard]] std::string one_line(std::string_view text);

/// Cleaned, for HTML and XML text and attributes in double or single quotes.
[[nodiscard]] std::string markup_escaped(std::string_view text);

/// For a cell of a Markdown table: one line, with what Markdown or HTML would read as markup escaped.
[[nodiscard]] std::string markdown_escaped(std::string_view text);

/// At most `most` bytes, cut before a character and marked by an ellipsis.
[[nodiscard]] std::string shortened(std::string text, std::size_t most);
inline constexpr std::size_t most_report_bytes = 6'000;  ///< of what a device's detectors reported of a case

/// A word within single quotes as a POSIX shell reads it.
[[nodiscard]] std::string shell_quoted(std::string_view text);

}  // namespace flashdiff
