#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/softcuda/isa/entry.h"

namespace softcuda::isa {

/// One modifier's place in a pattern.
struct Slot {
  bool optional = false;
  bool is_type = false;
  std::vector<std::string> choices;
};

/// One operand of a pattern.
struct OperandSpec {
  enum class Width : std::uint8_t { type1, type2, type3, type4, wide, named, predicate, any, any2 };
  std::string name;
  Width width = Width::type1;
  ptx::Type named = ptx::Type::none;
  bool written = false;
  bool address = false;
  ptx::Space space = ptx::Space::generic;  ///< of an address, where the pattern says it
  bool optional_pair = false;              ///< `d|p`: this is the p, and may be missing
  int elements = 1;                        ///< of a vector; -1: as the form's vector() says
  bool opaque = false;                     ///< label, function, list: not a row, the decoder's business
  bool carry = false;                      ///< CC.CF, which is not written out: a predicate
};

/// A pattern string, parsed. The grammar is described at Entry.
class Pattern {
 public:
  /// A pattern that breaks the grammar is a bug of ours: throws std::logic_error.
  explicit Pattern(const Entry& entry);

  /// The instruction's form, when every modifier has a place, every required place a modifier, and the
  /// operands are as many and of the kinds that the pattern has.
  [[nodiscard]] std::optional<Form> match(const ptx::Instruction&) const;

  [[nodiscard]] std::string_view opcode() const { return opcode_; }
  [[nodiscard]] std::string_view text() const { return entry_->pattern; }
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }
  [[nodiscard]] const std::vector<OperandSpec>& operands() const { return operands_; }
  [[nodiscard]] const Entry& entry() const { return *entry_; }

 private:
  /// Whether lists, addresses and pairs stand where the pattern has them.
  [[nodiscard]] bool fits(const Form&, const ptx::Instruction&) const;

  const Entry* entry_;
  std::string opcode_;
  std::vector<Slot> slots_;
  std::vector<OperandSpec> operands_;
  std::size_t operand_count_ = 0;  ///< as written: a pair counts once
};

}  // namespace softcuda::isa
