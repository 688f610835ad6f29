#include "reports/numbers.h"

#include <cmath>

#include <fmt/format.h>

namespace flashdiff {
namespace {

std::string significant(double value, int digits) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "infinite" : "-infinite";
  return fmt::format("{:.{}g}", value, digits);
}

}  // namespace

std::string grouped(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string counted(std::int64_t count, const char* one, const char* many) {
  return grouped(count) + " " + (count == 1 ? one : many);
}

std::string brief(double value) {
  if (std::abs(value) < 1e3 || !(std::abs(value) < 1e6)) return significant(value, 3);
  const double step = std::pow(10, std::floor(std::log10(std::abs(value))) - 2);
  return grouped(std::llround(std::round(value / step) * step));
}
std::string exact(double value) { return significant(value, 9); }

std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0 || part == 0) return "0 %";
  if (part == whole) return "100 %";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (share < 0.1) return "< 0.1 %";
  if (share > 99.9) return "> 99.9 %";
  return fmt::format("{:.1f} %", share);
}

std::string duration(double milliseconds) {
  if (milliseconds < 1) return fmt::format("{:.0f} us", 1e3 * milliseconds);
  if (milliseconds < 1e3) return fmt::format("{:.3g} ms", milliseconds);
  if (milliseconds < 6e4) return fmt::format("{:.3g} s", 1e-3 * milliseconds);
  const auto seconds = static_cast<std::int64_t>(std::llround(1e-3 * milliseconds));
  return fmt::format("{} min {} s", grouped(seconds / 60), seconds % 60);
}

}  // namespace flashdiff
