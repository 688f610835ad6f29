#include "harness/softcuda/ptx/body.h"

#include <fmt/format.h>

namespace softcuda::ptx {

Body::Body(Cursor& cursor, Lines& lines, Function& function, const Names& module_names)
    : cursor_(cursor), lines_(lines), function_(function), module_names_(module_names) {
  for (std::size_t i = 0; i < function.parameters.size(); ++i)
    parameters_.emplace(function.parameters[i].name, i);
  for (std::size_t i = 0; i < function.returns.size(); ++i) returns_.emplace(function.returns[i].name, i);
}

void Body::read() {
  scopes_.push_back({-1, {}});
  open_.push_back(0);
  statements();
  resolve();
}

void Body::statements() {
  while (!open_.empty()) {
    const Token& token = cursor_.now();
    if (cursor_.accept('}')) {
      open_.pop_back();
    } else if (token.is('{')) {
      if (open_.size() == kDeepestScope) cursor_.fail(token, "blocks nested more than 64 deep");
      cursor_.take();
      scopes_.push_back({open_.back(), {}});
      open_.push_back(static_cast<int>(scopes_.size()) - 1);
    } else if (token.kind == TokenKind::dotted) {
      directive();
    } else if (cursor_.accept(';')) {
      // an empty statement
    } else {
      instruction();
    }
  }
}

void Body::declare(std::string_view name, Entity entity, const Token& at) {
  const auto [had, fresh] = scopes_[static_cast<std::size_t>(open_.back())].names.emplace(name, entity);
  if (!fresh) cursor_.fail(at, fmt::format("{} is declared twice in one block", quoted(name)));
}

void Body::directive() {
  const Token token = cursor_.take();
  if (token.text == "loc") {
    source_ = lines_.loc(cursor_);
    return;  // a .loc has no semicolon
  }
  if (token.text == "reg") {
    registers();
  } else if (token.text == "pragma") {
    do {
      if (cursor_.now().kind != TokenKind::string) cursor_.fail_expected("a string behind .pragma");
      cursor_.take();
    } while (cursor_.accept(','));
  } else if (const Space space = space_named(token.text);
             space == Space::local || space == Space::shared || space == Space::param) {
    const Specifiers of_the_list = specifiers(cursor_, space, false);
    do {
      const Token at = cursor_.now();
      const auto index = static_cast<int>(function_.variables.size());
      function_.variables.push_back(variable(cursor_, of_the_list));
      declare(function_.variables.back().name, {What::variable, index}, at);
    } while (cursor_.accept(','));
  } else {
    cursor_.fail_expected(token, "an instruction, .reg, .shared, .local, .param, .loc or .pragma");
  }
  cursor_.expect(';', "at the end of a directive");
}

/// .reg .type name [<count>] {, name [<count>]}: r<3> declares r0, r1, r2.
void Body::registers() {
  const Token type_token = cursor_.now();
  const Type type = type_token.kind == TokenKind::dotted ? type_named(type_token.text) : Type::none;
  if (type == Type::none) cursor_.fail_expected("a register's type such as .b32 or .pred");
  cursor_.take();
  do {
    const Token at = cursor_.now();
    const std::string_view name = cursor_.expect_name("a register's name");
    const bool range = cursor_.accept('<');
    const std::uint64_t count = range ? cursor_.expect_integer("how many registers", kMostRegisters) : 1;
    if (range) cursor_.expect('>', "behind the number of registers");
    const std::uint64_t price = count * (1 + name.size() / 16);  // each has its own copy of the name
    if (price > cursor_.allowance().registers)
      cursor_.fail(at, "more registers than a text of this length can use");
    cursor_.allowance().registers -= price;
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string full = range ? fmt::format("{}{}", name, i) : std::string(name);
      declare(full, {What::register_, static_cast<int>(function_.registers.size())}, at);
      function_.registers.push_back({std::move(full), type});
    }
  } while (cursor_.accept(','));
}

/// Behind `name :`: a label, or with .branchtargets/.calltargets/.callprototype a table ("Control Flow
/// Directives").
void Body::label_or_table(const Token& name) {
  if (!cursor_.at_dotted("branchtargets") && !cursor_.at_dotted("calltargets") &&
      !cursor_.at_dotted("callprototype")) {
    const auto at = static_cast<int>(function_.body.size());
    declare(name.text, {What::label, at}, name);
    function_.labels.push_back({std::string(name.text), at});
    return;
  }
  const bool branches = cursor_.take().text == "branchtargets";
  const auto table = static_cast<int>(function_.tables.size());
  declare(name.text, {What::table, table}, name);
  function_.tables.push_back({std::string(name.text), {}});
  while (!cursor_.at(
      ';')) {  // tables of calls are only skipped: an indirect call names its own error when it is decoded
    if (cursor_.now().kind == TokenKind::end || cursor_.now().kind == TokenKind::error)
      cursor_.fail_expected("';'");
    const Token token = cursor_.take();
    if (branches && token.kind == TokenKind::name) targets_.push_back({table, open_.back(), token});
  }
  cursor_.expect(';', "behind a table");
}

/// @p or @!p
void Body::guard(Instruction& made) {
  if (!cursor_.accept('@')) return;
  made.guard_negated = cursor_.accept('!');
  const Token at = cursor_.now();
  const std::string_view name = cursor_.expect_name("a predicate behind '@'");
  const Entity* entity = find(name, open_.back());
  if (entity == nullptr || entity->what != What::register_ ||
      function_.registers[static_cast<std::size_t>(entity->index)].type != Type::pred)
    cursor_.fail(at, fmt::format("{} is no predicate register", quoted(name)));
  made.guard = entity->index;
}

void Body::instruction() {
  Instruction made;
  made.ptx_line = cursor_.now().line;
  guard(made);
  const Token name = cursor_.now();
  made.opcode = cursor_.expect_name("an instruction, a label, a directive or '}'");
  if (made.guard < 0 && cursor_.accept(':')) return label_or_table(name);
  made.ptx_line = name.line;
  made.source = source_;
  const std::size_t pending_before = pending_.size();
  while (cursor_.now().kind == TokenKind::dotted) made.modifiers.emplace_back(cursor_.take().text);
  // A text that stops behind the opcode, or a block that does, lacks the semicolon: operands it need not
  // have.
  if (!cursor_.at(';') && !cursor_.at('}') && cursor_.now().kind != TokenKind::end) {
    do made.operands.push_back(operand(0));
    while (cursor_.accept(','));
  }
  cursor_.expect(';', "at the end of an instruction");
  if (pending_.size() > pending_before) waiting_.push_back(function_.body.size());
  function_.body.push_back(std::move(made));
}

const Body::Entity* Body::find(std::string_view name, int scope) const {
  for (; scope >= 0; scope = scopes_[static_cast<std::size_t>(scope)].parent) {
    const auto& names = scopes_[static_cast<std::size_t>(scope)].names;
    if (const auto at = names.find(name); at != names.end()) return &at->second;
  }
  return nullptr;
}

void Body::resolve(Operand& operand) {
  for (Operand& element : operand.elements) resolve(element);
  if (operand.kind != OperandKind::label || operand.index >= 0) return;
  const Pending& pending = pending_[operand.bits];
  operand.bits = 0;
  const Entity* entity = find(pending.at.text, pending.scope);
  if (entity ==
      nullptr) {  // a function, perhaps one that the text defines further down: the module resolves it
    operand.kind = OperandKind::function;
    operand.owner = SymbolOwner::function;
    return;
  }
  if (entity->what == What::register_ || entity->what == What::variable)
    cursor_.fail(pending.at, fmt::format("{} is used before its declaration", quoted(pending.at.text)));
  operand.index = entity->index;
  if (entity->what == What::table) {
    operand.kind = OperandKind::symbol;
    operand.owner = SymbolOwner::table;
  }
}

void Body::resolve() {
  for (const std::size_t at : waiting_)
    for (Operand& operand : function_.body[at].operands) resolve(operand);
  for (const PendingTarget& target : targets_) {
    const Entity* entity = find(target.at.text, target.scope);
    if (entity == nullptr || entity->what != What::label)
      cursor_.fail(target.at, fmt::format("{} is no label of this function", quoted(target.at.text)));
    function_.tables[static_cast<std::size_t>(target.table)].targets.push_back(entity->index);
  }
}

}  // namespace softcuda::ptx
