#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/softcuda/ptx/declarations.h"

namespace softcuda::ptx {

/// Looked up by views of the text, without making a string of each.
struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};
template <class T>
using NameMap = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;
using Names = NameMap<int>;

/// The statements of one function: scopes flattened, every name resolved but those of functions.
class Body {
 public:
  /// `module_names`: module-level variables by name. `parameters`, and `returns` of a .func, are in
  /// `function` already.
  Body(Cursor& cursor, Lines& lines, Function& function, const Names& module_names);
  /// From behind the opening brace to the closing one.
  void read();

 private:
  enum class What : std::uint8_t { register_, variable, label, table };
  struct Entity {
    What what;
    int index;
  };
  struct Scope {
    int parent;
    NameMap<Entity> names;
  };
  /// A name that may be declared further down: a label, a table of labels, or a function. Until then the
  /// operand is a label with index -1 whose `bits` number the entry here.
  struct Pending {
    int scope;
    Token at;
  };
  struct PendingTarget {
    int table;
    int scope;
    Token at;
  };

  static constexpr std::size_t kDeepestScope = 64;
  static constexpr std::size_t kMostRegisters = std::size_t{1} << 20;  ///< of one .reg
  static constexpr int kDeepestOperand = 4;

  void statements();
  void directive();
  void registers();
  void declare(std::string_view name, Entity entity, const Token& at);
  void instruction();
  void label_or_table(const Token& name);
  void guard(Instruction&);
  // operands.cpp
  Operand operand(int depth);
  Operand single(int depth);
  Operand number();
  Operand named();
  Operand elements(OperandKind kind, char close, int depth);
  Operand address(int depth);
  [[nodiscard]] const Entity* find(std::string_view name, int scope) const;
  void resolve();
  void resolve(Operand&);

  Cursor& cursor_;
  Lines& lines_;
  Function& function_;
  const Names& module_names_;
  Names parameters_;
  Names returns_;
  std::vector<Scope> scopes_;  ///< all that were ever open: labels are resolved at the end
  std::vector<int> open_;
  std::vector<Pending> pending_;
  std::vector<std::size_t> waiting_;  ///< instructions with an operand that is pending
  std::vector<PendingTarget> targets_;
  int source_ = -1;
};

}  // namespace softcuda::ptx
