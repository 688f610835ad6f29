#include <bit>

#include <fmt/format.h>

#include "harness/softcuda/ptx/body.h"

/// "Instruction Operands" (PTX ISA 6).
namespace softcuda::ptx {

/// a, or the pair a|b
Operand Body::operand(int depth) {
  Operand first = single(depth);
  if (!cursor_.accept('|')) return first;
  Operand pair;
  pair.kind = OperandKind::pair;
  pair.elements.push_back(std::move(first));
  pair.elements.push_back(single(depth));
  return pair;
}

Operand Body::single(int depth) {
  const Token& token = cursor_.now();
  if (depth == kDeepestOperand) cursor_.fail(token, "an operand nested more than 4 deep");
  if (cursor_.accept('{')) return elements(OperandKind::vector, '}', depth);
  if (cursor_.accept('(')) return elements(OperandKind::vector, ')', depth);
  if (cursor_.accept('[')) return address(depth);
  if (cursor_.accept('!')) {
    Operand made;
    made.kind = OperandKind::negated;
    made.elements.push_back(single(depth + 1));
    return made;
  }
  if (token.kind == TokenKind::name) return named();
  return number();
}

Operand Body::elements(OperandKind kind, char close, int depth) {
  Operand made;
  made.kind = kind;
  if (cursor_.accept(close)) return made;
  do made.elements.push_back(operand(depth + 1));
  while (cursor_.accept(','));
  cursor_.expect(close, "at the end of a list of operands");
  return made;
}

/// [base], [base+n], [base+-n], [n], [base, {coordinates}]; behind the opening bracket.
Operand Body::address(int depth) {
  Operand made;
  made.kind = OperandKind::address;
  if (cursor_.now().kind == TokenKind::name) {
    made.elements.push_back(single(depth + 1));
    while (cursor_.at('+') || cursor_.at('-')) {
      const bool minus = cursor_.take().is('-');
      const std::uint64_t offset = cursor_.expect_signed("an offset in bytes");
      made.bits += minus ? ~offset + 1 : offset;
    }
    while (cursor_.accept(',')) made.elements.push_back(operand(depth + 1));
  } else {
    made.bits = cursor_.expect_signed("a register, a symbol or an address");
  }
  cursor_.expect(']', "at the end of an address");
  return made;
}

Operand Body::number() {
  const bool negative = cursor_.accept('-');
  const Token token = cursor_.now();
  Operand made;
  made.bits = token.bits;
  switch (token.kind) {
    case TokenKind::integer:
      made.kind = OperandKind::integer;
      if (negative) made.bits = ~made.bits + 1;
      break;
    case TokenKind::hex_float:
      made.kind = OperandKind::f32;
      if (negative) made.bits ^= 0x80000000u;
      break;
    case TokenKind::real:
    case TokenKind::hex_double:
      made.kind = OperandKind::f64;
      if (negative) made.bits ^= std::uint64_t{1} << 63;
      break;
    default: cursor_.fail_expected("an operand");
  }
  cursor_.take();
  return made;
}

Operand Body::named() {
  const Token token = cursor_.take();
  Operand made;
  made.name = token.text;
  const auto symbol = [&](SymbolOwner owner, int index) {
    made.kind = OperandKind::symbol;
    made.owner = owner;
    made.index = index;
    return made;
  };
  if (token.text == "_") return made;  // a sink
  if (token.text == "WARP_SZ") {
    made.kind = OperandKind::integer;
    made.bits = 32;
    return made;
  }
  if (const Entity* entity = find(token.text, open_.back());
      entity != nullptr && (entity->what == What::register_ || entity->what == What::variable)) {
    if (entity->what == What::variable) return symbol(SymbolOwner::function_variable, entity->index);
    made.kind = OperandKind::reg;
    made.index = entity->index;
    return made;
  }
  if (token.text[0] == '%') {  // no register of that name: one of the special registers (PTX ISA 10)
    made.kind = OperandKind::special;
    if (cursor_.now().kind == TokenKind::dotted) made.name += fmt::format(".{}", cursor_.take().text);
    return made;
  }
  if (const auto at = parameters_.find(token.text); at != parameters_.end())
    return symbol(SymbolOwner::parameter, at->second);
  if (const auto at = returns_.find(token.text); at != returns_.end())  // counted on behind the parameters
    return symbol(SymbolOwner::parameter, static_cast<int>(function_.parameters.size()) + at->second);
  if (const auto at = module_names_.find(token.text); at != module_names_.end())
    return symbol(SymbolOwner::module_variable, at->second);
  made.kind = OperandKind::label;
  made.bits = pending_.size();
  pending_.push_back({open_.back(), token});
  return made;
}

}  // namespace softcuda::ptx
