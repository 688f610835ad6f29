#include "harness/compare/golden.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace flashdiff::compare {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFigures = "figures/";

bool is_kept(const std::string& counter) {
  if (counter.starts_with("bound_tflops_") || counter.starts_with("issued_over_")) return false;
  return counter != "useful_flops" && counter != "dense_over_needed" && counter != "compulsory_bytes" &&
         counter != "warp_instructions_a_product";
}

/// "figures/flash_forward/d64/main_loop" -> "flash_forward", "d64/main_loop".
std::pair<std::string, std::string> kernel_and_shape(const std::string& benchmark) {
  const std::string rest = benchmark.substr(kFigures.size());
  const auto slash = rest.find('/');
  return {rest.substr(0, slash), slash == std::string::npos ? "" : rest.substr(slash + 1)};
}

/// A whole number without a point, else the shortest text that reads as the same number.
std::string number_text(double value) {
  return value == std::int64_t(value) ? fmt::format("{}", std::int64_t(value)) : fmt::format("{}", value);
}

Outcome<void> take_file(const fs::path& file, Golden& golden) {
  toml::table table;
  try {
    table = toml::parse_file(file.string());
  } catch (const toml::parse_error& error) {
    return bad_input(
        fmt::format("{}: line {}: {}", file.string(), error.source().begin.line, error.description()));
  }
  const auto wrong = [&](std::string_view key, const char* expected) {
    return bad_input(fmt::format("{}: '{}', expected {}; `flashdiff bench --update-golden` writes such files",
                                 file.string(), key, expected));
  };
  const auto nvcc = table["nvcc"].value<std::string>();
  if (!nvcc) return wrong("nvcc", "the compiler's version as text");
  if (!golden.nvcc.empty() && golden.nvcc != *nvcc) return wrong("nvcc", "one version in all files");
  golden.nvcc = *nvcc;
  for (const auto& [shape, value] : table) {
    if (shape == "nvcc") continue;
    const toml::table* counters = value.as_table();
    if (counters == nullptr) return wrong(shape.str(), "nvcc, or a shape's counters");
    Counters& kept = golden.counters[fmt::format("{}{}/{}", kFigures, file.stem().string(), shape.str())];
    for (const auto& [counter, number] : *counters) {
      const auto count = number.value<double>();
      if (!count) return wrong(counter.str(), "a number");
      kept[std::string(counter.str())] = *count;
    }
  }
  return {};
}

}  // namespace

CountersByBenchmark golden_of(const CountersByBenchmark& counters) {
  CountersByBenchmark kept;
  for (const auto& [benchmark, all] : counters) {
    if (!is_counted(benchmark)) continue;
    Counters& some = kept[benchmark];
    std::ranges::copy_if(all, std::inserter(some, some.end()),
                         [](const auto& one) { return is_kept(one.first); });
  }
  return kept;
}

std::string why_not_held(const Golden& golden, const std::string& nvcc) {
  if (golden.nvcc == nvcc) return "";
  return fmt::format("the golden counters are of nvcc {}, these kernels of {}", golden.nvcc,
                     nvcc.empty() ? "an unknown one" : nvcc);
}

Outcome<Golden> read_golden(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  if (files.empty())
    return bad_input(
        fmt::format("{}: no golden counters there, expected a folder of KERNEL.toml, as `flashdiff bench "
                    "--update-golden` writes them",
                    folder.string()));
  std::ranges::sort(files);
  Golden golden;
  for (const fs::path& file : files)
    if (auto taken = take_file(file, golden); !taken) return tl::unexpected<Error>(taken.error());
  return golden;
}

Outcome<void> write_golden(const fs::path& folder, const Golden& golden) {
  std::map<std::string, std::string> texts;
  for (const auto& [benchmark, counters] : golden_of(golden.counters)) {
    const auto [kernel, shape] = kernel_and_shape(benchmark);
    std::string& text = texts[kernel];
    if (text.empty())
      text = fmt::format(
          "# What {} executes, as the software driver counts it: exact, and the same on every machine.\n"
          "# `flashdiff bench --update-golden` rewrites this file; what is worse fails `flashdiff bench "
          "--check-golden`.\n"
          "nvcc = \"{}\"\n",
          kernel, golden.nvcc);
    text += fmt::format("\n[\"{}\"]\n", shape);
    for (const auto& [counter, value] : counters)
      text += fmt::format("{} = {}\n", counter, number_text(value));
  }
  std::error_code failed;
  fs::create_directories(folder, failed);
  for (const auto& [kernel, text] : texts) {
    const fs::path file = folder / (kernel + ".toml");
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out)
      return bad_input(
          fmt::format("{}: cannot be written, expected a folder of golden counters", file.string()));
  }
  return {};
}

}  // namespace flashdiff::compare
