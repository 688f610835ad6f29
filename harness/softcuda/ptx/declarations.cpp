#include "harness/softcuda/ptx/declarations.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

namespace softcuda::ptx {
namespace {

/// An element of an initialiser into `bytes`: integer, float in the variable's type, or an address.
class Initialiser {
 public:
  Initialiser(Cursor& cursor, Variable& variable, std::uint64_t capacity)
      : cursor_(cursor), variable_(variable), capacity_(capacity), size_(bits_of(variable.type) / 8) {}

  void read() {
    if (cursor_.at('{'))
      list(0);
    else
      element();
    if (variable_.bytes == 0) variable_.bytes = filled_;
    variable_.initial.resize(variable_.bytes);
  }

 private:
  static constexpr int kDeepest = 8;
  void list(int depth) {
    if (depth == kDeepest) cursor_.fail(cursor_.now(), "an initialiser nested more than 8 deep");
    cursor_.expect('{', "before an initialiser");
    while (!cursor_.accept('}')) {
      if (cursor_.at('{'))
        list(depth + 1);
      else
        element();
      if (!cursor_.accept(',')) {
        cursor_.expect('}', "behind an initialiser");
        return;
      }
    }
  }

  void element() {
    const Token& token = cursor_.now();
    if (token.kind == TokenKind::name) return address();
    const bool negative = cursor_.accept('-');
    const Token number = cursor_.take();
    std::uint64_t bits = number.bits;
    const bool is_float = variable_.type == Type::f32 || variable_.type == Type::f64;
    switch (number.kind) {
      case TokenKind::integer:
        if (is_float) bits = std::bit_cast<std::uint64_t>(static_cast<double>(bits));
        break;
      case TokenKind::real: break;
      case TokenKind::hex_float:
        bits = std::bit_cast<std::uint64_t>(
            static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits))));
        break;
      case TokenKind::hex_double: break;
      default: cursor_.fail(number, "expected a number or a symbol in an initialiser");
    }
    if (number.kind != TokenKind::integer || is_float) {
      if (!is_float)
        cursor_.fail(number, fmt::format("a floating-point value for a variable of type .{}",
                                         name_of(variable_.type)));
      if (negative) bits ^= std::uint64_t{1} << 63;
      if (variable_.type == Type::f32)
        bits = number.kind == TokenKind::hex_float
                   ? number.bits ^ (negative ? 0x80000000u : 0u)
                   : std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<double>(bits)));
    } else if (negative) {
      bits = ~bits + 1;
    }
    put(number, bits);
  }

  /// symbol, symbol+n, generic(symbol), generic(symbol)+n
  void address() {
    const Token at = cursor_.now();
    std::string symbol(cursor_.take().text);
    if (symbol == "generic" && cursor_.accept('(')) {
      symbol = cursor_.expect_name("a symbol in generic(...)");
      cursor_.expect(')', "behind generic(symbol");
    }
    std::int64_t addend = 0;
    if (cursor_.accept('+')) addend = static_cast<std::int64_t>(cursor_.expect_signed("an offset"));
    if (size_ != 8 && size_ != 4)
      cursor_.fail(at, "an address in a variable whose elements are not 4 or 8 bytes");
    variable_.relocations.push_back({filled_, std::move(symbol), addend, size_});
    put(at, 0);
  }

  void put(const Token& at, std::uint64_t bits) {
    if (filled_ + static_cast<std::uint64_t>(size_) > capacity_)
      cursor_.fail(at, "more initial values than the variable has elements");
    variable_.initial.resize(filled_ + static_cast<std::uint64_t>(size_));
    // A literal has 64 bits; of a .b128 ptxas leaves the upper half zero, for negative values too.
    std::memcpy(variable_.initial.data() + filled_, &bits,
                std::min(sizeof bits, static_cast<std::size_t>(size_)));
    filled_ += static_cast<std::uint64_t>(size_);
  }

  Cursor& cursor_;
  Variable& variable_;
  std::uint64_t capacity_;
  int size_;
  std::uint64_t filled_ = 0;
};

}  // namespace

Specifiers specifiers(Cursor& cursor, Space space, bool external) {
  Specifiers made{.space = space, .external = external};
  for (;;) {
    const Token token = cursor.now();
    if (token.kind != TokenKind::dotted) break;
    if (cursor.accept_dotted("align")) {
      made.align = cursor.expect_integer("an alignment", 4096);
      if (!std::has_single_bit(made.align)) cursor.fail(token, "an alignment that is no power of two");
    } else if (cursor.accept_dotted(
                   "ptr")) {  // .ptr [.space] [.align N]: a promise about what a parameter points to
      for (const std::string_view pointee : {"global", "shared", "const", "local", "param"})
        cursor.accept_dotted(pointee);
      if (cursor.accept_dotted("align")) (void)cursor.expect_integer("an alignment", 4096);
    } else if (cursor.accept_dotted("attribute")) {  // .attribute(.managed): plain memory here
      cursor.expect('(', "behind .attribute");
      while (!cursor.accept(')')) {
        if (cursor.now().kind == TokenKind::end || cursor.at(';'))
          cursor.fail_expected("')' behind .attribute(...");
        cursor.take();
      }
    } else if (cursor.accept_dotted("v2")) {
      made.lanes = 2;
    } else if (cursor.accept_dotted("v4")) {
      made.lanes = 4;
    } else if (const Type type = type_named(token.text); type != Type::none) {
      if (made.type != Type::none) cursor.fail(token, "a second type for one variable");
      made.type = type;
      cursor.take();
    } else {
      cursor.fail_expected("a type, .align, .ptr, .v2, .v4 or .attribute in a declaration");
    }
  }
  if (made.type == Type::none || made.type == Type::pred) cursor.fail_expected("a type such as .b8 or .f32");
  return made;
}

Variable variable(Cursor& cursor, const Specifiers& of_the_list) {
  Variable made;
  made.space = of_the_list.space;
  made.external = of_the_list.external;
  made.type = of_the_list.type;
  made.ptx_line = cursor.now().line;
  made.name = cursor.expect_name("the variable's name");
  const std::uint64_t element = static_cast<std::uint64_t>(bits_of(made.type)) / 8 * of_the_list.lanes;
  made.align = std::max(of_the_list.align, element);
  made.bytes = element;
  bool open = false;
  while (cursor.accept('[')) {
    if (cursor.accept(']')) {
      open = true;
      made.bytes = 0;
      continue;
    }
    const Token at = cursor.now();
    const std::uint64_t count = cursor.expect_integer("an array's length");
    if (count != 0 && made.bytes > kLargestVariable / count) cursor.fail(at, "an array of more than 4 GiB");
    made.bytes *= count;
    cursor.expect(']', "behind an array's length");
  }
  if (cursor.accept('=')) {
    // "Initializers" (PTX ISA 5.4.4)
    if (made.type == Type::f16 || made.type == Type::f16x2)
      cursor.fail_expected(fmt::format("no initial value for a variable of type .{}", name_of(made.type)));
    std::uint64_t& left = cursor.allowance().initialised_bytes;
    if (made.bytes > left)
      cursor.fail(cursor.now(), "more than 256 MiB of initialised variables in one module");
    Initialiser(cursor, made, open ? left : made.bytes).read();
    left -= made.bytes;
  }
  return made;
}

std::size_t Lines::Hash::operator()(const Place& place) const {
  std::uint64_t mixed = 0;
  for (const int part : {place.file, place.line, place.column}) {
    mixed = (mixed ^ static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15;
    mixed ^= mixed >> 32U;
  }
  return mixed;
}

std::size_t Lines::Hash::operator()(const Entry& entry) const {
  const std::size_t chain =
      std::hash<std::string_view>{}(entry.function) + static_cast<std::size_t>(entry.inlined_at);
  return (*this)(entry.place) ^ chain * 0x9e3779b97f4a7c15;
}

int Lines::entry(const Entry& entry) {
  const auto [at, fresh] = known_.emplace(entry, static_cast<int>(module_.lines.size()));
  const auto& [file, line, column] = entry.place;
  if (fresh) module_.lines.push_back({file, line, column, entry.inlined_at, std::string(entry.function)});
  latest_[entry.place] = at->second;
  return at->second;
}

int Lines::loc(Cursor& cursor) {
  constexpr std::uint64_t kLimit = 0x7fffffff;
  const auto number = [&](std::string_view what) {
    return static_cast<int>(cursor.expect_integer(what, kLimit));
  };
  Place place;
  place.file = number("the file's index in .loc");
  place.line = number("the line in .loc");
  place.column = number("the column in .loc");
  std::string_view function;
  int inlined_at = -1;
  while (cursor.accept(',')) {
    const Token at = cursor.now();
    const std::string_view word = cursor.expect_name("function_name or inlined_at");
    if (word == "function_name") {
      function = cursor.expect_name("a label in .debug_str");
      if (cursor.accept('+')) (void)cursor.expect_integer("an offset");
    } else if (word == "inlined_at") {
      Place outer;
      outer.file = number("the file's index in inlined_at");
      outer.line = number("the line in inlined_at");
      outer.column = number("the column in inlined_at");
      const auto known = latest_.find(outer);
      inlined_at = known != latest_.end() ? known->second : entry({outer, -1, {}});
    } else {
      cursor.fail_expected(at, "function_name or inlined_at");
    }
  }
  return entry({place, inlined_at, function});
}

void Lines::section(Cursor& cursor) {
  if (cursor.now().kind != TokenKind::dotted) cursor.fail_expected("a section's name");
  const bool strings = cursor.take().text == "debug_str";
  cursor.expect('{', "behind a section's name");
  std::string* text = &strings_[{}];  // of the latest label
  while (!cursor.accept('}')) {
    if (strings && cursor.now().kind == TokenKind::integer) {
      cursor.take_bytes(*text);
      continue;
    }
    const Token token = cursor.take();
    switch (token.kind) {
      case TokenKind::name:
        if (cursor.accept(':')) text = &strings_[token.text];
        break;
      case TokenKind::integer:
      case TokenKind::dotted:
      case TokenKind::string: break;
      case TokenKind::punctuation:
        if (!token.is(',') && !token.is('+') && !token.is('-') && !token.is(';'))
          cursor.fail(token, "a sign that a .section does not have");
        break;
      default: cursor.fail(token, "expected '}' at the end of a .section");
    }
  }
}

void Lines::finish() {
  for (SourceLine& line : module_.lines) {
    if (line.function.empty()) continue;
    const auto text = strings_.find(line.function);
    line.function = text != strings_.end() ? text->second : std::string();
  }
}

}  // namespace softcuda::ptx
