#pragma once
#include <cstdint>
#include <string>

namespace flashdiff {

/// "12,345".
[[nodiscard]] std::string grouped(std::int64_t count);
/// "1 case", "12,345 cases".
[[nodiscard]] std::string counted(std::int64_t count, const char* one, const char* many);
/// Three significant digits: "0.0123", "1.2e-05", "41.2", "12,300", "1.23e+07", "NaN", "infinite".
[[nodiscard]] std::string brief(double value);
/// Nine, enough to tell any two floats apart.
[[nodiscard]] std::string exact(double value);
/// "12.5 %", and "< 0.1 %" rather than a zero that is none.
[[nodiscard]] std::string percent(std::int64_t part, std::int64_t whole);
/// "830 us", "12.5 ms", "3.20 s", "2 min 5 s".
[[nodiscard]] std::string duration(double milliseconds);

}  // namespace flashdiff
