#include "harness/softcuda/ptx/parser.h"

#include <charconv>

#include <fmt/format.h>

#include "harness/softcuda/ptx/body.h"

/// Module level: "Directives" (PTX ISA 11).
namespace softcuda::ptx {
namespace {

class Parser {
 public:
  Parser(std::string_view text, std::string name) : cursor_(text, name), lines_(module_) {
    module_.name = std::move(name);
    module_.files.emplace_back();
  }

  Module read() {
    head();
    while (cursor_.now().kind != TokenKind::end) item();
    lines_.finish();
    resolve_functions();
    return std::move(module_);
  }

 private:
  /// .version M.N  .target sm_NN {, option}  .address_size 64
  void head() {
    if (!cursor_.accept_dotted("version")) cursor_.fail_expected(".version: PTX text begins with it");
    const Token version = cursor_.take();
    const char* const end = version.text.data() + version.text.size();
    const auto [dot, wrong] = std::from_chars(version.text.data(), end, module_.version_major);
    if (version.kind != TokenKind::real || wrong != std::errc{} || dot == end ||
        std::from_chars(dot + 1, end, module_.version_minor).ec != std::errc{})
      cursor_.fail_expected(version, "a version such as 9.0");
    if (!cursor_.accept_dotted("target")) cursor_.fail_expected(".target");
    module_.target = cursor_.expect_name("a target such as sm_80");
    while (cursor_.accept(',')) (void)cursor_.expect_name("a target's option");
    if (cursor_.accept_dotted("address_size")) {
      const Token at = cursor_.now();
      module_.address_size = static_cast<int>(cursor_.expect_integer("the address size", 64));
      if (module_.address_size != 64) cursor_.fail(at, "32-bit addresses; 64 bits are supported");
    }
  }

  void item() {
    bool external = false;
    for (;;) {
      if (cursor_.accept_dotted("extern"))
        external = true;
      else if (!cursor_.accept_dotted("visible") && !cursor_.accept_dotted("weak") &&
               !cursor_.accept_dotted("common"))
        break;
    }
    if (cursor_.now().kind != TokenKind::dotted)
      cursor_.fail_expected("a directive such as .entry, .func or .global");
    const Token token = cursor_.take();
    if (token.text == "entry" || token.text == "func")
      return function(token.text == "entry", external, token.line);
    if (token.text == "file") return file();
    if (token.text == "section") return lines_.section(cursor_);
    if (token.text == "loc") return void(lines_.loc(cursor_));
    if (token.text == "pragma") {
      if (cursor_.now().kind != TokenKind::string) cursor_.fail_expected("a string behind .pragma");
      cursor_.take();
      return cursor_.expect(';', "behind .pragma");
    }
    const Space space = space_named(token.text);
    if (space != Space::global && space != Space::shared && space != Space::constant)
      cursor_.fail_expected(token, ".entry, .func, .global, .shared, .const, .file, .section or .pragma");
    const Specifiers of_the_list = specifiers(cursor_, space, external);
    do {
      const Token at = cursor_.now();
      Variable made = variable(cursor_, of_the_list);
      const auto [had, fresh] = names_.emplace(made.name, static_cast<int>(module_.variables.size()));
      if (!fresh && !made.external && !module_.variables[static_cast<std::size_t>(had->second)].external)
        cursor_.fail(at, fmt::format("{} is declared twice", quoted(made.name)));
      if (fresh)
        module_.variables.push_back(std::move(made));
      else if (!made.external)
        module_.variables[static_cast<std::size_t>(had->second)] = std::move(made);
    } while (cursor_.accept(','));
    cursor_.expect(';', "behind a variable");
  }

  /// .file N "path" [, time, size]
  void file() {
    const std::uint64_t index = cursor_.expect_integer("a file's index", 65535);
    if (cursor_.now().kind != TokenKind::string) cursor_.fail_expected("a file's path in quotes");
    if (module_.files.size() <= index) module_.files.resize(index + 1);
    module_.files[index] = cursor_.take().text;
    while (cursor_.accept(',')) (void)cursor_.expect_integer("a file's time or size");
  }

  std::vector<Variable> parameters() {
    std::vector<Variable> made;
    Names names;
    if (!cursor_.accept('(')) return made;
    if (cursor_.accept(')')) return made;
    do {
      const Token at = cursor_.now();
      const Space space = at.kind == TokenKind::dotted ? space_named(at.text) : Space::generic;
      if (space != Space::param && space != Space::reg) cursor_.fail_expected(".param");
      cursor_.take();
      const Specifiers its = specifiers(cursor_, space, false);
      const Token name = cursor_.now();
      made.push_back(variable(cursor_, its));
      if (!names.emplace(made.back().name, 0).second)
        cursor_.fail(name, fmt::format("{} is declared twice", quoted(made.back().name)));
    } while (cursor_.accept(','));
    cursor_.expect(')', "behind the parameters");
    return made;
  }

  void function(bool is_entry, bool external, int line) {
    Function made;
    made.is_entry = is_entry;
    made.ptx_line = line;
    if (!is_entry && cursor_.at('(')) made.returns = parameters();
    const Token name = cursor_.now();
    made.name = cursor_.expect_name("the function's name");
    made.parameters = parameters();
    performance_directives(made);
    if (cursor_.accept(';')) {
      made.is_declared_only = true;
    } else {
      if (external) cursor_.fail_expected("';': an .extern function has no body here");
      cursor_.expect('{', "before a function's body");
      Body(cursor_, lines_, made, names_).read();
    }
    const auto [had, fresh] = functions_.emplace(made.name, static_cast<int>(module_.functions.size()));
    if (fresh) return module_.functions.push_back(std::move(made));
    Function& before = module_.functions[static_cast<std::size_t>(had->second)];
    if (!before.is_declared_only && !made.is_declared_only)
      cursor_.fail(name, fmt::format("{} is defined twice", quoted(made.name)));
    if (before.is_declared_only) before = std::move(made);
  }

  /// "Performance-Tuning Directives" (PTX ISA 11.4) and the other words between parameters and body.
  void performance_directives(Function& function) {
    constexpr std::uint64_t kLimit = 0x7fffffff;
    while (cursor_.now().kind == TokenKind::dotted) {
      const Token token = cursor_.take();
      const auto number = [&] {
        return static_cast<int>(
            cursor_.expect_integer(fmt::format("a number behind .{}", token.text), kLimit));
      };
      const auto triple = [&] {
        std::array<int, 3> made{number(), 1, 1};
        if (cursor_.accept(',')) made[1] = number();
        if (cursor_.accept(',')) made[2] = number();
        return made;
      };
      if (token.text == "maxntid")
        function.max_ntid = triple();
      else if (token.text == "reqntid")
        function.required_ntid = triple();
      else if (token.text == "minnctapersm")
        function.min_blocks_per_sm = number();
      else if (token.text == "maxnreg" || token.text == "maxnctapersm" || token.text == "maxclusterrank")
        (void)number();
      else if (token.text == "noreturn")
        continue;
      else if (token.text == "pragma") {
        if (cursor_.now().kind != TokenKind::string) cursor_.fail_expected("a string behind .pragma");
        cursor_.take();
        cursor_.expect(';', "behind .pragma");
      } else {
        cursor_.fail_expected(token,
                              ".maxntid, .reqntid, .minnctapersm, .maxnreg, .noreturn, .pragma or '{'");
      }
    }
  }

  void resolve_functions() {
    for (Function& function : module_.functions)
      for (Instruction& instruction : function.body)
        for (Operand& operand : instruction.operands) resolve_function(operand, instruction.ptx_line);
  }
  void resolve_function(Operand& operand, int line) {
    for (Operand& element : operand.elements) resolve_function(element, line);
    if (operand.kind != OperandKind::function) return;
    const auto at = functions_.find(operand.name);
    if (at == functions_.end()) {
      const std::string what =
          fmt::format("{} is no register, label, variable or function", quoted(operand.name));
      throw Failure{{fmt::format("{}:{}: {}", module_.name, line, what), line, 1}};
    }
    operand.index = at->second;
  }

  Module module_;
  Cursor cursor_;
  Lines lines_;
  Names names_;
  NameMap<int> functions_;
};

}  // namespace

tl::expected<Module, ParseError> parse(std::string_view text, std::string name) {
  // Drivers take text with its terminating zero.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) text = text.substr(0, zero);
  try {
    return Parser(text, std::move(name)).read();
  } catch (const Failure& failure) {
    return tl::unexpected<ParseError>(failure.error);
  }
}

}  // namespace softcuda::ptx
