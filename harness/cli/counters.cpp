#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/subject.h"
#include "harness/figures/figures.h"
#include "reference/given.h"
#include "reports/numbers.h"

namespace flashdiff::cli {
namespace {

using nlohmann::json;

struct CountersOptions {
  std::vector<std::string> words;  ///< of the line: quotes are easily forgotten
  SubjectWords subject;
  std::size_t lines = 10;
  bool json = false;
};

std::uint64_t number(const json& of, const char* key) { return of.value(key, std::uint64_t{0}); }

/// The kernels' counters of one run by a backend.
Outcome<json> counters_of(const Case& c, const LaidOut& sent, const std::string& name,
                          const BackendOptions& options) {
  const auto backend = open_backend(name, options);
  if (!backend) return tl::unexpected<Error>(backend.error());
  if (const Support support = (*backend)->supports(c); !support.yes)
    return unsupported(fmt::format("{}: {}", name, support.why_not));
  return figures::count_kernels(**backend, sent);
}

/// "27,392 sectors, 1.3 times the ideal 21,000".
std::string against_ideal(const json& traffic, const char* unit) {
  const std::uint64_t units = number(traffic, unit), ideal = number(traffic, "ideal");
  if (ideal == 0) return fmt::format("{} {}", units, unit);
  return fmt::format("{} {}, {:.2f} times the ideal", units, unit,
                     static_cast<double>(units) / static_cast<double>(ideal));
}

void print_memory(const json& memory, const char* space, const char* unit) {
  const json& of = memory.at(space);
  if (number(of.at("all"), "requests") == 0) return;
  for (const auto& [access, traffic] : of.items()) {
    if (access == "all" && of.size() == 2) continue;  // the other one says it
    fmt::print("  {:<6} {:<10} {:>10} requests, {:>10} bytes, {}\n", space, access,
               number(traffic, "requests"), number(traffic, "bytes"), against_ideal(traffic, unit));
  }
}

/// Of a line: "units/ideal", or nothing where it has none.
std::string pair_of(const json& line, const char* space, const char* unit) {
  if (!line.contains(space)) return "";
  return fmt::format("{}/{}", number(line.at(space), unit), number(line.at(space), "ideal"));
}

/// The lines that most warp instructions come from.
void print_lines(const json& kernel, std::size_t most) {
  std::vector<json> lines = kernel.at("lines");
  const auto heat = [](const json& line) { return number(line.at("instructions"), "warp"); };
  std::ranges::stable_sort(lines, [&](const json& a, const json& b) { return heat(a) > heat(b); });
  const std::uint64_t all = number(kernel.at("instructions"), "warp");
  fmt::print("\n  {:>12} {:>6}  {:>17} {:>21} {:>9}  line\n", "instructions", "", "sectors/ideal",
             "wavefronts/ideal", "divergent");
  for (std::size_t k = 0; k < std::min(most, lines.size()); ++k) {
    const json& line = lines[k];
    const std::string file = line.value("file", "");
    fmt::print("  {:>12} {:>6}  {:>17} {:>21} {:>9}  {}\n", heat(line),
               percent(static_cast<std::int64_t>(heat(line)), static_cast<std::int64_t>(all)),
               pair_of(line, "global", "sectors"), pair_of(line, "shared", "wavefronts"),
               number(line, "divergences"),
               file.empty() ? "(no line)" : fmt::format("{}:{}", file, number(line, "line")));
  }
  if (lines.size() > most)
    fmt::print("  {} more lines: --lines {} shows them\n", lines.size() - most, lines.size());
}

void print(const std::string& backend, const json& kernels, std::size_t lines) {
  for (const json& kernel : kernels) {
    const json& instructions = kernel.at("instructions");
    fmt::print("\n{}, kernel {}: {} launches\n", backend, kernel.value("kernel", ""),
               number(kernel, "launches"));
    fmt::print("  {} warp instructions, {} thread instructions, {} barriers\n", number(instructions, "warp"),
               number(instructions, "thread"), number(kernel, "barriers"));
    fmt::print("  {} branches, {} of them split a warp\n", number(kernel, "branches"),
               number(kernel, "divergences"));
    for (const auto& [shape, times] : kernel.at("tensor").items())
      fmt::print("  {} times {}\n", times.get<std::uint64_t>(), shape);
    for (const auto& [type, flops] : kernel.at("flops").items())
      fmt::print("  {} operations of {}\n", flops.get<std::uint64_t>(), type);
    print_memory(kernel.at("memory"), "global", "sectors");
    print_memory(kernel.at("memory"), "shared", "wavefronts");
    print_memory(kernel.at("memory"), "local", "sectors");
    for (const auto& [name, of] : kernel.at("classes").items())
      fmt::print("  {:>12} {:>6}  {}\n", number(of, "warp"),
                 percent(static_cast<std::int64_t>(number(of, "warp")),
                         static_cast<std::int64_t>(number(instructions, "warp"))),
                 name);
    print_lines(kernel, lines);
  }
}

Outcome<void> run(const CountersOptions& options) {
  const Outcome<Case> c = parse_case(fmt::format("{}", fmt::join(options.words, " ")));
  if (!c) return tl::unexpected<Error>(c.error());
  if (options.subject.device == "gpu")
    return bad_input("--device gpu: a GPU hands out no counters here, expected --device soft");
  Outcome<Subject> subject = subject_of(options.subject, c->problem.pass);
  if (!subject) return tl::unexpected<Error>(subject.error());
  subject->options.device = DeviceChoice::soft;
  subject->options.soft_threads = 0;  // all processors: the figures are the same
  const auto data = make_given(c->problem);
  if (!data) return tl::unexpected<Error>(data.error());
  const LaidOut sent = lay_out(*c, *data);
  const bool by_name = !options.subject.backends.empty();
  bool any = false;
  for (const std::string& backend : subject->backends) {
    const Outcome<json> kernels = counters_of(*c, sent, backend, subject->options);
    // Every kernel is asked where none was named; some do not take the case.
    if (!kernels && !by_name && kernels.error().kind == ErrorKind::unsupported) {
      fmt::print(stderr, "{}\n", kernels.error().what);
      continue;
    }
    if (!kernels) return tl::unexpected<Error>(kernels.error());
    if (kernels->empty())
      return bad_input(
          fmt::format("--backend {}: launches no kernel on the device, expected one that does", backend));
    if (!options.json && !any) fmt::print("{}\n", print(*c));
    any = true;
    if (options.json)
      fmt::print("{}\n", json{{"case", print(*c)}, {"backend", backend}, {"kernels", *kernels}}.dump(
                             -1, ' ', false, json::error_handler_t::replace));
    else
      print(backend, *kernels, options.lines);
  }
  if (!any) return unsupported("no in-repo kernel takes this case: flashdiff backends lists them");
  return {};
}

}  // namespace

void add_counters(CLI::App& program, Chosen& chosen) {
  auto options = std::make_shared<CountersOptions>();
  CLI::App* command = program.add_subcommand(
      "counters", "what a kernel executes on one case, by source line: counted by the software driver");
  command->add_option("line", options->words, "the case, as `check` and every report print it")
      ->required()
      ->type_name("'fd1 ...'");
  add_subject_options(*command, options->subject);
  command->add_option("--lines", options->lines, "so many of the source lines that execute most")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  command->add_flag("--json", options->json, "all of it, one JSON object a backend");
  command->footer(
      "The figures are exact and the same on every machine: instructions once a warp, 32-byte sectors of\n"
      "global memory, wavefronts of shared memory (one without bank conflicts), each against the fewest "
      "that\n"
      "the same lanes and bytes could take. harness/softcuda/count/README.md has the rules.\n\nExample:\n"
      "  flashdiff counters 'fd1 b=2 hq=4 hk=2 d=64 dv=64 dt=f16 lay=left q=5,17 kv=70,64 mask=causal_br "
      "data=rising seed=0x2a' --lines 5");
  command->callback([options, &chosen] {
    chosen = [options]() -> int {
      const Outcome<void> done = run(*options);
      return done ? as_expected : complain(done.error());
    };
  });
}

}  // namespace flashdiff::cli
