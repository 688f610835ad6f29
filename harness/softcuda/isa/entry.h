#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/softcuda/isa/warp.h"
#include "harness/softcuda/ptx/module.h"

/// What a family's file consists of: entries, each a pattern and the function that picks its handler.
namespace softcuda::isa {

class Pattern;

/// An instruction as a pattern matched it: which alternative stands in which place, and how wide the rows
/// are.
class Form {
 public:
  Form(const Pattern& pattern, std::vector<int> chosen) : pattern_(&pattern), chosen_(std::move(chosen)) {}

  /// Whether the modifier was written (or is the literal of a slot that must be there).
  [[nodiscard]] bool has(std::string_view modifier) const;
  /// The first alternative written of those named; empty when none was.
  [[nodiscard]] std::string_view which(std::initializer_list<std::string_view> names) const;
  /// The k-th type modifier, 0 the first.
  [[nodiscard]] ptx::Type type(std::size_t k = 0) const;
  /// 1, 2, 4 or 8: .v2, .v4, .v8.
  [[nodiscard]] int vector() const;
  /// The state space written; generic when none was.
  [[nodiscard]] ptx::Space space() const;
  [[nodiscard]] std::string_view opcode() const;
  [[nodiscard]] const Pattern& pattern() const { return *pattern_; }

  std::array<int, 36> bits{};  ///< of each row's lanes, in order: 1 for a predicate, 16, 32 or 64
  int rows = 0;
  int address_bits = 64;  ///< of the address row, where there is one
  ptx::Space address_space =
      ptx::Space::generic;  ///< as written, or that of the symbol that the address names

 private:
  const Pattern* pattern_;
  std::vector<int> chosen_;  ///< per slot of the pattern: the alternative, -1 for none
};

struct Handlers {
  Handler full = nullptr;
  Handler masked = nullptr;
  std::int64_t imm = 0;     ///< for Op::imm, where the instruction has no address
  std::uint32_t extra = 0;  ///< for Op::extra, where the instruction is no memory access
};
using Bind = Handlers (*)(const Form&);

/// How the instruction takes part in control flow.
enum class Flow : std::uint8_t {
  plain,    ///< goes on behind itself
  memory,   ///< the same, and wants a slot in Warp::sites
  meeting,  ///< *.sync: lanes that took different ways may meet here, so a block starts with it; Op::imm is
            ///< the distance back to that start; of one with an address, its lower half, the offset the upper
  barrier,  ///< the block behind it starts when others have arrived
  branch,
  indexed_branch,
  call,
  exit,
};

/// `pattern` in the PTX ISA's notation: "fma.{rn|rz}[.ftz].f32 d, a, b, c". `{x|y}`: one of; `[.x]`,
/// `[.{x|y}]`: optional. Modifiers match in any order, as ptxas takes them; types match in theirs. Operands:
/// names d, p, q are written, all others read. Behind the name, the type where it is not the first type
/// modifier's: `:u32`, `:T2` (second type modifier), `:wide` (twice the first), `:pred`, `:any` (as the
/// register is declared, at least as wide as the first type), `:any2` (... as the second). `d|p`: the second
/// may be missing. `d{4}`: a vector of four; `d{v}`: of as many as .v2 or .v4 say; `[a]`: an address, in the
/// space that the modifiers say; `[a:shared]`: in that one. `(c)` and `(q)`: the carry flag CC.CF, read and
/// written, which no operand names.
struct Entry {
  const char* pattern;
  Bind bind;
  Flow flow = Flow::plain;
};

}  // namespace softcuda::isa
