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

/// What stands once before a list of variables: the space, [.align N] [.ptr ...] [.v2|.v4] .type.
struct Specifiers {
  Space space = Space::generic;
  bool external = false;
  Type type = Type::none;
  std::uint64_t align = 1;
  std::uint64_t lanes = 1;  ///< 2 and 4 for .v2 and .v4
};
/// From the token behind the state space to the name.
[[nodiscard]] Specifiers specifiers(Cursor& cursor, Space space, bool external);
/// One variable of the list: name[dims] [= initialiser]. Stops before ',' ';' ')'.
[[nodiscard]] Variable variable(Cursor& cursor, const Specifiers& of_the_list);

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
  struct Place {
    int file = 0, line = 0, column = 0;
    bool operator==(const Place&) const = default;
  };
  struct Entry {
    Place place;
    int inlined_at = -1;
    std::string_view function;  ///< its label in .debug_str
    bool operator==(const Entry&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Place&) const;
    std::size_t operator()(const Entry&) const;
  };
  int entry(const Entry& entry);
  // Views are of the text, which outlives its parser.
  Module& module_;
  std::unordered_map<Entry, int, Hash> known_;
  std::unordered_map<Place, int, Hash> latest_;  ///< the entry that a place had last
  std::unordered_map<std::string_view, std::string> strings_;
};

}  // namespace softcuda::ptx
