#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// A PTX module as the parser leaves it: every name is resolved (registers to numbers, labels to instruction
/// indices, symbols to entries of the module's or function's tables), every scope flattened, nothing
/// interpreted. What an instruction means is said in isa/. Sections cited are those of the PTX ISA,
/// version 9.0.
namespace softcuda::ptx {

/// "State Spaces" (PTX ISA 5.1). `generic` where an instruction names none.
enum class Space : std::uint8_t { generic, reg, constant, global, local, param, shared };

/// "Fundamental Types" (PTX ISA 5.2).
enum class Type : std::uint8_t {
  none,
  pred,
  b8,
  b16,
  b32,
  b64,
  b128,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  f16,
  f16x2,
  bf16,
  bf16x2,
  tf32,
  f32,
  f64
};
[[nodiscard]] int bits_of(Type);
[[nodiscard]] const char* name_of(Type);
[[nodiscard]] const char* name_of(Space);
/// "f16x2" -> Type::f16x2; none where the name is no type's.
[[nodiscard]] Type type_named(std::string_view name);
/// "global" -> Space::global; generic where the name is no space's.
[[nodiscard]] Space space_named(std::string_view name);

/// A CUDA source position from .loc: file is an index into Module::files, 0 for none. `inlined_at` indexes
/// Module::lines, -1 for none, so that a chain of inlining can be told.
struct SourceLine {
  int file = 0;
  int line = 0;
  int column = 0;
  int inlined_at = -1;
  std::string function;  ///< of the inlined function, where the module says so
};

enum class OperandKind : std::uint8_t {
  reg,      ///< index: register number in Function::registers
  special,  ///< name: "%tid.x", "%laneid", "%lanemask_lt", ...
  integer,  ///< bits: two's complement value
  f32,  ///< bits: low 32 bits are the pattern (0fXXXXXXXX, or a decimal literal that needs a type: kind f64)
  f64,  ///< bits: the pattern of a double (0dX..., 1.5, 0.)
  address,   ///< [base + offset]: base in elements[0] (reg or symbol) or absent (absolute); bits: signed
             ///< offset
  symbol,    ///< name; symbol: where it is declared
  label,     ///< index: instruction index in Function::body
  vector,    ///< {a, b, ...}: elements
  pair,      ///< d|p: elements[0], elements[1]
  sink,      ///< _
  function,  ///< name of a callee; a call's (ret) and (params) lists are `vector` operands
  negated,   ///< !p: elements[0] is the predicate
};

/// Where a symbol lives: index into the table of that owner. `parameter` counts on behind
/// Function::parameters through Function::returns; `table` is a brx.idx's.
enum class SymbolOwner : std::uint8_t {
  none,
  module_variable,
  function_variable,
  parameter,
  function,
  table
};

struct Operand {
  OperandKind kind = OperandKind::sink;
  SymbolOwner owner = SymbolOwner::none;
  int index = -1;
  std::uint64_t bits = 0;
  std::string name;
  std::vector<Operand> elements;
};

struct Instruction {
  std::string opcode;  ///< "ld", "fma", "bar"
  std::vector<std::string>
      modifiers;  ///< in the order written, without dots: {"global", "v4", "u32"}, {"sync"}, {"L2::128B"}
  std::vector<Operand> operands;  ///< destination first, as written
  int guard = -1;                 ///< predicate register, -1 for none
  bool guard_negated = false;
  int ptx_line = 0;  ///< 1-based line of the PTX text
  int source = -1;   ///< index into Module::lines, -1 for none
};

/// A variable in .global, .const, .shared or .local, or a kernel/function parameter.
struct Variable {
  std::string name;
  Space space = Space::generic;
  Type type = Type::none;
  std::uint64_t bytes = 0;  ///< 0 for `.extern .shared x[]`
  std::uint64_t align = 1;
  bool external = false;
  std::vector<std::uint8_t> initial;  ///< empty: none; else `bytes` long (zero-filled)
  /// Addresses of other symbols inside the initialiser: (byte offset, symbol name, addend).
  struct Reloc {
    std::uint64_t offset;
    std::string symbol;
    std::int64_t addend;
    int size;
  };
  std::vector<Reloc> relocations;
  int ptx_line = 0;
};

struct Register {
  std::string name;  ///< as declared, with its scope's depth where names repeat; for messages only
  Type type = Type::none;
};

struct Label {
  std::string name;
  int at = 0;  ///< index into body; body.size() for a label at the end
};

/// brx.idx / call tables (".branchtargets", ".calltargets").
struct Table {
  std::string name;
  std::vector<int> targets;
};

struct Function {
  std::string name;
  bool is_entry = false;
  bool is_declared_only = false;     ///< .extern .func, or a forward declaration whose body follows elsewhere
  std::vector<Variable> parameters;  ///< kernel parameters; for .func the input parameters
  std::vector<Variable> returns;     ///< .func only
  std::vector<Register> registers;
  std::vector<Variable> variables;  ///< .shared, .local and .param (call frames) of the body
  std::vector<Instruction> body;
  std::vector<Label> labels;
  std::vector<Table> tables;
  std::array<int, 3> max_ntid{0, 0, 0};       ///< 0: not said
  std::array<int, 3> required_ntid{0, 0, 0};  ///< .reqntid: a launch with another block size must fail
  int min_blocks_per_sm = 0;
  int ptx_line = 0;
};

struct Module {
  std::string name;  ///< for messages: a file name, or "image at 0x..."
  int version_major = 0, version_minor = 0;
  std::string target;  ///< "sm_80", "sm_90a"
  int address_size = 64;
  std::vector<std::string> files;  ///< .file N "path": index N; [0] unused
  std::vector<SourceLine> lines;
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

/// What could not be parsed: one line, `name:line:column: what, what was expected`.
struct ParseError {
  std::string what;
  int line = 0;
  int column = 0;
};

}  // namespace softcuda::ptx
