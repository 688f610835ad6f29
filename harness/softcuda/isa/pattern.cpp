#include "harness/softcuda/isa/pattern.h"

#include <algorithm>
#include <stdexcept>

namespace softcuda::isa {
namespace {

using Width = OperandSpec::Width;

[[noreturn]] void broken(std::string_view pattern, std::string_view why) {
  throw std::logic_error("instruction pattern `" + std::string(pattern) + "`: " + std::string(why));
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Slot make_slot(std::vector<std::string> choices, bool optional) {
  Slot slot{optional, false, std::move(choices)};
  slot.is_type =
      std::ranges::all_of(slot.choices, [](const auto& c) { return ptx::type_named(c) != ptx::Type::none; });
  return slot;
}

/// ".{rn|rz}[.ftz].f32": reads one slot off the front.
Slot take_slot(std::string_view& rest, std::string_view pattern) {
  const bool optional = rest.front() == '[';
  if (optional) rest.remove_prefix(1);
  if (rest.empty() || rest.front() != '.') broken(pattern, "a modifier must start with a dot");
  rest.remove_prefix(1);
  std::vector<std::string> choices;
  if (!rest.empty() && rest.front() == '{') {
    const auto end = rest.find('}');
    if (end == std::string_view::npos) broken(pattern, "a brace is open");
    choices = split(rest.substr(1, end - 1), '|');
    rest.remove_prefix(end + 1);
  } else {
    const auto end = std::min(rest.find_first_of(".[]"), rest.size());
    choices = {std::string(rest.substr(0, end))};
    rest.remove_prefix(end);
  }
  if (optional) {
    if (rest.empty() || rest.front() != ']') broken(pattern, "a bracket is open");
    rest.remove_prefix(1);
  }
  return make_slot(std::move(choices), optional);
}

OperandSpec make_operand(std::string_view text, std::string_view pattern) {
  OperandSpec spec;
  if (text.front() == '[') {
    spec.address = true;
    const std::string_view inside = text.substr(1, text.size() - 2);
    const auto colon = inside.find(':');
    spec.name = inside.substr(0, colon);
    if (colon != std::string_view::npos) {
      spec.space = ptx::space_named(inside.substr(colon + 1));
      if (spec.space == ptx::Space::generic) broken(pattern, "the space of an address");
    }
    return spec;
  }
  if (text.front() == '<') {
    spec.opaque = true;
    spec.name = text.substr(1, text.size() - 2);
    return spec;
  }
  if (text.front() == '(') {
    spec.carry = true;
    spec.name = text.substr(1, text.size() - 2);
    spec.width = Width::predicate;
    spec.written = spec.name == "q";
    return spec;
  }
  const auto colon = text.find(':');
  std::string_view name = text.substr(0, colon);
  if (const auto brace = name.find('{'); brace != std::string_view::npos) {
    const auto count = name.substr(brace + 1, name.size() - brace - 2);
    spec.elements = count == "v" ? -1 : std::stoi(std::string(count));
    name = name.substr(0, brace);
  }
  spec.name = name;
  spec.written = name == "d" || name == "p" || name == "q";
  if (colon == std::string_view::npos) return spec;
  const std::string_view width = text.substr(colon + 1);
  if (width == "T2")
    spec.width = Width::type2;
  else if (width == "T3")
    spec.width = Width::type3;
  else if (width == "T4")
    spec.width = Width::type4;
  else if (width == "wide")
    spec.width = Width::wide;
  else if (width == "pred")
    spec.width = Width::predicate;
  else if (width == "any")
    spec.width = Width::any;
  else if (width == "any2")
    spec.width = Width::any2;
  else {
    spec.width = Width::named;
    spec.named = ptx::type_named(width);
    if (spec.named == ptx::Type::none) broken(pattern, "operand type " + std::string(width));
  }
  return spec;
}

}  // namespace

Pattern::Pattern(const Entry& entry) : entry_(&entry) {
  const std::string_view text = entry.pattern;
  const auto blank = std::min(text.find(' '), text.size());
  std::string_view head = text.substr(0, blank);
  const auto name_end = std::min(head.find_first_of(".["), head.size());
  opcode_ = head.substr(0, name_end);
  head.remove_prefix(name_end);
  while (!head.empty()) slots_.push_back(take_slot(head, text));

  if (blank == text.size()) return;
  for (std::string_view part : split(text.substr(blank + 1), ',')) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    if (part.empty()) broken(text, "an operand is empty");
    if (part.front() != '(') ++operand_count_;
    const auto bar = part.find('|');
    operands_.push_back(make_operand(part.substr(0, bar), text));
    if (bar == std::string_view::npos) continue;
    OperandSpec second = make_operand(part.substr(bar + 1), text);
    second.optional_pair = true;
    operands_.push_back(second);
  }
}

std::optional<Form> Pattern::match(const ptx::Instruction& instruction) const {
  if (instruction.opcode != opcode_ || instruction.operands.size() != operand_count_) return std::nullopt;
  std::vector<int> chosen(slots_.size(), -1);
  for (const std::string& modifier : instruction.modifiers) {
    bool placed = false;
    for (std::size_t s = 0; s < slots_.size() && !placed; ++s) {
      if (chosen[s] >= 0) continue;
      const auto& choices = slots_[s].choices;
      const auto found = std::ranges::find(choices, modifier);
      if (found == choices.end()) continue;
      chosen[s] = static_cast<int>(found - choices.begin());
      placed = true;
    }
    if (!placed) return std::nullopt;
  }
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    if (chosen[s] < 0 && !slots_[s].optional) return std::nullopt;
  }
  Form form(*this, std::move(chosen));
  if (!fits(form, instruction)) return std::nullopt;
  return form;
}

bool Pattern::fits(const Form& form, const ptx::Instruction& instruction) const {
  using enum ptx::OperandKind;
  std::size_t at = 0;
  for (std::size_t s = 0; s < operands_.size(); ++s) {
    const OperandSpec& spec = operands_[s];
    if (spec.optional_pair || spec.carry) continue;
    const ptx::Operand& operand = instruction.operands[at++];
    if (spec.opaque) continue;
    if ((operand.kind == address) != spec.address) return false;
    if (operand.kind == pair && (s + 1 == operands_.size() || !operands_[s + 1].optional_pair)) return false;
    const auto wanted = static_cast<std::size_t>(spec.elements < 0 ? form.vector() : spec.elements);
    const bool one_in_braces = operand.elements.size() == 1;
    if (operand.kind == vector ? operand.elements.size() != wanted || (wanted == 1 && !one_in_braces)
                               : wanted != 1) {
      return false;
    }
  }
  return true;
}

bool Form::has(std::string_view modifier) const {
  for (std::size_t s = 0; s < chosen_.size(); ++s) {
    if (chosen_[s] >= 0 && pattern_->slots()[s].choices[static_cast<std::size_t>(chosen_[s])] == modifier)
      return true;
  }
  return false;
}

std::string_view Form::opcode() const { return pattern_->opcode(); }

std::string_view Form::which(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    if (has(name)) return name;
  }
  return {};
}

ptx::Type Form::type(std::size_t k) const {
  for (std::size_t s = 0; s < chosen_.size(); ++s) {
    const Slot& slot = pattern_->slots()[s];
    if (!slot.is_type || chosen_[s] < 0) continue;
    if (k-- == 0) return ptx::type_named(slot.choices[static_cast<std::size_t>(chosen_[s])]);
  }
  return ptx::Type::none;
}

int Form::vector() const { return has("v2") ? 2 : has("v4") ? 4 : has("v8") ? 8 : 1; }

ptx::Space Form::space() const {
  const std::string_view space =
      which({"global", "shared", "shared::cta", "local", "param", "param::entry", "const"});
  if (space.empty()) return ptx::Space::generic;
  if (space == "global") return ptx::Space::global;
  if (space == "local") return ptx::Space::local;
  if (space == "const") return ptx::Space::constant;
  return space.starts_with("shared") ? ptx::Space::shared : ptx::Space::param;
}

}  // namespace softcuda::isa
