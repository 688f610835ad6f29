#pragma once
#include <string>
#include <unordered_map>

#include "harness/softcuda/ptx/cursor.h"

/// Variables and parameters ("Variables", PTX ISA 5.4; "Parameter State Space", 5.1.6), and
/// .loc/.file/.section.
namespace softcuda::ptx {

/// What one variable may take, so that a line of text cannot ask for a terabyte: `.b8 x[1099511627776]` is an
/// error.
inline constexpr std::uint64_t kLargestVariable = std::uint64_t{1} << 32;
/// Initialisers are held in memory as bytes, so theirs is smaller.
inline constexpr std::uint64_t kLargestInitialiser = std::uint64_t{1} << 28;

/// From the token behind the state space: [.align N] [.ptr ...] .type name[dims] [= initialiser]. Stops
/// before ',' ';' ')'.
[[nodiscard]] Variable variable(Cursor& cursor, Space space, bool external);

/// Positions that .loc names, shared by the functions of a module: equal lines are one entry.
class Lines {
 public:
  explicit Lines(Module& module) : module_(module) {}
  /// From behind `.loc`: file line column [, function_name label[+n], inlined_at file line column].
  [[nodiscard]] int loc(Cursor& cursor);
  /// From behind `.section`: name { ... }. Text of .debug_str is kept for function_name.
  void section(Cursor& cursor);
  /// After the whole text: labels of function names become names.
  void finish();

 private:
  int entry(int file, int line, int column, int inlined_at, std::string_view function);
  Module& module_;
  std::unordered_map<std::string, int> known_;
  std::unordered_map<std::string, int> latest_;  ///< position without its chain: the entry that it had last
  std::unordered_map<std::string, std::string> strings_;
};

}  // namespace softcuda::ptx
