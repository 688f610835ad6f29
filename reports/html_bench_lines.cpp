#include <algorithm>

#include <fmt/format.h>

#include "reports/html_bench.h"
#include "reports/numbers.h"

namespace flashdiff::detail {
namespace {

View heat(const std::string& text, std::int64_t part, std::int64_t most, bool off) {
  View view;
  view.set("text", text);
  view.set(
      "bar",
      fmt::format("{:.1f}", most > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(most) : 0.0));
  view.set("off", View(off));
  return view;
}

/// "2,048 / 1,024", or nothing where a line has no traffic.
View traffic(std::int64_t units, std::int64_t ideal, std::int64_t most) {
  return heat(units == 0 ? "" : fmt::format("{} / {}", grouped(units), grouped(ideal)), units, most,
              units > ideal);
}

View lines_view(const BenchLines& of) {
  std::vector<BenchLine> lines = of.lines;
  std::int64_t told = 0, hottest = 0, sectors = 0, wavefronts = 0;
  std::vector<std::string> files;  // who executes most first: lines come in that order
  for (const BenchLine& line : lines) {
    told += line.warp_instructions;
    hottest = std::max(hottest, line.warp_instructions);
    sectors = std::max(sectors, line.sectors);
    wavefronts = std::max(wavefronts, line.wavefronts);
    if (std::ranges::find(files, line.file) == files.end()) files.push_back(line.file);
  }
  std::ranges::stable_sort(lines, {}, &BenchLine::line);
  ViewList file_views;
  for (const std::string& file : files) {
    ViewList rows;
    for (const BenchLine& line : lines) {
      if (line.file != file) continue;
      View row;
      row.set("line", line.file.empty() ? "" : std::to_string(line.line));
      row.set("text", line.text.substr(std::min(line.text.find_first_not_of(' '), line.text.size())));
      row.set("heats", ViewList{heat(grouped(line.warp_instructions), line.warp_instructions, hottest, false),
                                heat(percent(line.warp_instructions, of.warp_instructions), 0, 1, false),
                                traffic(line.sectors, line.ideal_sectors, sectors),
                                traffic(line.wavefronts, line.ideal_wavefronts, wavefronts)});
      rows.push_back(row);
    }
    View view;
    view.set("file", file.empty() ? "of no line" : file);
    view.set("lines", rows);
    file_views.push_back(view);
  }
  View view;
  view.set("kernel", of.kernel);
  view.set("shape", of.shape);
  view.set("words", fmt::format("{} of {}, {} of {} warp instructions",
                                counted(std::ssize(lines), "line", "lines"), grouped(of.lines_in_all),
                                percent(told, of.warp_instructions), grouped(of.warp_instructions)));
  view.set("files", file_views);
  return view;
}

}  // namespace

void fill_bench_lines(View& root, const Report& report) {
  ViewList all;
  for (const BenchRun& run : report.bench_runs)
    for (const BenchLines& of : run.lines) all.push_back(lines_view(of));
  root.set("any_hot", View(!all.empty()));
  root.set("hot", all);
}

}  // namespace flashdiff::detail
