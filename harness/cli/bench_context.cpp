#include "harness/cli/bench_context.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/bench/figures_bench.h"
#include "harness/cli/bench_files.h"
#include "harness/figures/roofline.h"
#include "properties/power/images.h"
#include "reports/bench_run.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t most_lines = 40;  // of a kernel and shape: 93 to 99 % of what it executes

json gpus() {
  json all = json::array();
  for (const figures::Gpu& gpu : figures::gpus())
    all.push_back({{"name", gpu.name},
                   {"tensor_flops", gpu.tensor_flops},
                   {"f32_flops", gpu.f32_flops},
                   {"memory_bytes", gpu.memory_bytes}});
  return all;
}

/// Lines of source files, each read once.
class Sources {
 public:
  [[nodiscard]] std::string line(const std::string& file, int number) {
    const auto [found, is_new] = files_.try_emplace(file);
    if (is_new) {
      std::ifstream in(root_ / file);
      for (std::string line; std::getline(in, line);) found->second.push_back(line);
    }
    const auto at = static_cast<std::size_t>(number) - 1;
    return at < found->second.size() ? found->second[at] : "";
  }
  /// As the repository names it, where it is in the repository.
  [[nodiscard]] std::string name(const std::string& file) const {
    const fs::path inside = fs::path(file).lexically_proximate(root_);
    return inside.empty() || *inside.begin() == ".." ? file : inside.string();
  }

 private:
  fs::path root_ = power::workshop_of_this_build().sources;
  std::map<std::string, std::vector<std::string>> files_;
};

json lines() {
  Sources sources;
  json all = json::array();
  for (const ShapeLines& of : counted_lines()) {
    json told = json::array();
    for (const figures::SourceLine& line : of.lines) {
      if (told.size() == most_lines) break;
      told.push_back({{"file", sources.name(line.file)},
                      {"line", line.line},
                      {"text", sources.line(line.file, line.line)},
                      {"warp_instructions", line.warp_instructions},
                      {"sectors", line.sectors},
                      {"ideal_sectors", line.ideal_sectors},
                      {"wavefronts", line.wavefronts},
                      {"ideal_wavefronts", line.ideal_wavefronts}});
    }
    all.push_back({{"kernel", of.kernel},
                   {"shape", of.shape},
                   {"warp_instructions", of.warp_instructions},
                   {"lines_in_all", of.lines.size()},
                   {"lines", std::move(told)}});
  }
  return all;
}

}  // namespace

Outcome<void> add_to_context(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  constexpr std::string_view kContext = "\"context\": {";
  const auto at = text.find(kContext);
  if (!in || at == std::string::npos)
    return bad_input(
        fmt::format("{}: no JSON of Google Benchmark, though it was written just now", file.string()));
  std::string more;
  for (const auto& [key, value] : {std::pair{"flashdiff_cases", json(lines_by_shape())},
                                   {"flashdiff_gpus", gpus()},
                                   {"flashdiff_lines", lines()}})
    more += fmt::format("\n    \"{}\": {},", key, value.dump(-1, ' ', false, json::error_handler_t::replace));
  text.insert(at + kContext.size(), more);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return bad_input(fmt::format("{}: cannot be written, expected a file to make", file.string()));
  return {};
}

Outcome<void> keep_benchmarks(const fs::path& file, Store& store) {
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  return bench_run_of(text, file.string()).and_then([&](const BenchRun& run) {
    return store.keep(kept_benchmarks, fmt::format("{} {}", run.date, run.host), text);
  });
}

}  // namespace flashdiff::cli
