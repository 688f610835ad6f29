#include "properties/corpus_cases.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "properties/corpus_files.h"
#include "properties/random_cases.h"
#include "properties/simpler.h"

namespace flashdiff {
namespace {

namespace fs = std::filesystem;

Outcome<std::string> text_of(const fs::path& file) {
  std::ostringstream text;
  if (!(text << std::ifstream(file, std::ios::binary).rdbuf()))
    return bad_input(fmt::format("{}: cannot be read, expected case lines", file.string()));
  return text.str();
}

/// The folder's *.cases, by name; a file is itself.
Outcome<std::vector<fs::path>> files_at(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<fs::path>{path};
  std::vector<fs::path> files;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".cases") files.push_back(at->path());
  if (error) return bad_input(fmt::format("{}: {}", path.string(), error.message()));
  std::ranges::sort(files);
  return files;
}

template <class Value>
bool allows(const std::vector<Value>& list, Value value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

}  // namespace

Outcome<CorpusCases> CorpusCases::read(const std::string& name, std::string_view text) {
  CorpusCases corpus;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    const Outcome<Case> c =
        parse_case(std::string_view(line).substr(first, line.find_last_not_of(" \t\r") + 1 - first));
    if (!c) return bad_input(fmt::format("{}:{}: {}", name, number, c.error().what));
    corpus.cases_.push_back(*c);
  }
  return corpus;
}

Outcome<CorpusCases> CorpusCases::open(const fs::path& path) {
  const auto files = files_at(path);
  if (!files) return tl::unexpected<Error>(files.error());
  CorpusCases all;
  for (const fs::path& file : *files) {
    Outcome<CorpusCases> one =
        text_of(file).and_then([&](const std::string& text) { return read(file.string(), text); });
    if (!one) return one;
    all.cases_.insert(all.cases_.end(), one->cases_.begin(), one->cases_.end());
  }
  if (all.cases_.empty())
    return bad_input(
        fmt::format("{}: no case in it, expected case lines, or a folder of .cases files", path.string()));
  return all;
}

const CorpusCases& CorpusCases::built_in() {
  static const CorpusCases corpus = [] {
    CorpusCases all;
    for (const detail::CorpusFile& file : detail::corpus_files()) {
      const Outcome<CorpusCases> one = read(file.name, file.text);
      if (!one) throw std::logic_error(one.error().what);
      all.cases_.insert(all.cases_.end(), one->cases_.begin(), one->cases_.end());
    }
    return all;
  }();
  return corpus;
}

CorpusCases CorpusCases::that_may_be(const CaseOptions& options) const {
  CorpusCases some;
  for (const Case& c : cases_) {
    const Problem& p = c.problem;
    const auto few = [&](const SequenceLengths& one) { return one.q_len <= options.most_queries; };
    if (p.pass == options.pass && allows(options.paddings, c.layout.padding) &&
        allows(options.pages, c.layout.page) && allows(options.dtypes, p.dtype) &&
        (p.pass == Pass::append || allows(options.masks, p.mask.kind)) && allows(options.data, p.data) &&
        (options.most_queries == 0 || std::ranges::all_of(p.sequences, few)))
      some.cases_.push_back(c);
  }
  return some;
}

std::optional<Drawn> CorpusCases::draw(std::uint64_t index) {
  if (index >= cases_.size()) return std::nullopt;
  return drawn(shrinkable(cases_[index]));
}

}  // namespace flashdiff
