#include "harness/cli/bench_files.h"

#include <fstream>
#include <map>
#include <string>

#include <fmt/format.h>

#include "harness/figures/shapes.h"
#include "harness/problem/case.h"
#include "kernels/kernel.h"
#include "reports/bench_exports.h"

namespace flashdiff::cli {

std::map<std::string, std::string> lines_by_shape() {
  std::map<std::string, std::string> lines;
  for (const kernels::Kernel& kernel : kernels::all_kernels())
    for (const figures::Shape& shape : figures::published(kernel.plan))
      lines[fmt::format("{}/{}", kernel.name, shape.name)] = print(shape.question);
  return lines;
}

Outcome<void> write_bench_files(const std::filesystem::path& json, const BenchFiles& files) {
  const auto lines = lines_by_shape();
  const auto exports = export_bench(json, [&](const std::string& benchmark) {
    const auto slash = benchmark.find('/');  // behind figures, or what times the same shapes
    const auto found = slash == std::string::npos ? lines.end() : lines.find(benchmark.substr(slash + 1));
    return found == lines.end() ? "" : found->second;
  });
  if (!exports) return tl::unexpected<Error>(exports.error());
  for (const auto& [file, text] : {std::pair{files.csv, &exports->csv},
                                   {files.markdown, &exports->markdown},
                                   {files.action, &exports->action}}) {
    if (file.empty()) continue;
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << *text;
    out.close();
    if (!out) return bad_input(fmt::format("{}: cannot be written, expected a file to make", file.string()));
  }
  return {};
}

}  // namespace flashdiff::cli
