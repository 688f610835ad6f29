#include "kernels/ptxas.h"

#include <charconv>

namespace flashdiff::kernels {
namespace {

/// The number in front of `unit`, 0 where there is none: "Used 96 registers, 4096 bytes smem".
int number_before(std::string_view line, std::string_view unit) {
  const std::size_t end = line.find(unit);
  if (end == std::string_view::npos || end == 0) return 0;
  std::size_t stop = end;
  while (stop > 0 && line[stop - 1] == ' ') --stop;
  std::size_t begin = stop;
  while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9') --begin;
  int value = 0;
  std::from_chars(line.data() + begin, line.data() + stop, value);
  return value;
}

std::string_view quoted(std::string_view line, std::size_t from) {
  const std::size_t begin = line.find('\'', from);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = line.find('\'', begin + 1);
  return end == std::string_view::npos ? std::string_view{} : line.substr(begin + 1, end - begin - 1);
}

}  // namespace

std::vector<PtxasRow> parse_ptxas(std::string_view text) {
  std::vector<PtxasRow> rows;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    constexpr std::string_view kBegins = "Compiling entry function";
    if (const std::size_t at = line.find(kBegins); at != std::string_view::npos) {
      PtxasRow row;
      row.entry = quoted(line, at);
      if (const std::size_t target = line.find(" for "); target != std::string_view::npos)
        row.architecture = quoted(line, target);
      rows.push_back(std::move(row));
    } else if (!rows.empty() && line.find("bytes stack frame") != std::string_view::npos) {
      rows.back().stack_bytes = number_before(line, "bytes stack frame");
      rows.back().spill_store_bytes = number_before(line, "bytes spill stores");
      rows.back().spill_load_bytes = number_before(line, "bytes spill loads");
    } else if (!rows.empty() && line.find("Used ") != std::string_view::npos) {
      rows.back().registers = number_before(line, "registers");
      rows.back().shared_bytes = number_before(line, "bytes smem");
    }
  }
  return rows;
}

}  // namespace flashdiff::kernels
