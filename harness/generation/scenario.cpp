#include "harness/generation/scenario.h"

#include <algorithm>

#include "harness/generation/judge_step.h"

namespace flashdiff::generation {
namespace {

Columns part_of(const Columns& rows, int first, int count) {
  Columns part;
  for (const auto& row : rows) {
    const auto begin = row.begin() + first;
    part.emplace_back(begin, begin + std::min<std::ptrdiff_t>(count, row.end() - begin));
  }
  return part;
}

Columns decode_step(const std::vector<int>& prompts, int step) {
  Columns columns;
  for (const int length : prompts) columns.push_back({Column{length + step}});
  return columns;
}

class Batch {
 public:
  Batch(const Asked& asked, const Truth& truth, const Answerers& answerers, const Convention& how)
      : asked_(asked), truth_(truth), answerers_(answerers), how_(how) {
    cache_.rows.resize(asked.prompts.size());
  }

  /// Nothing more is run behind a step that could not be.
  void run(const Columns& columns, int number, bool reads, Cell& cell) {
    if (!why_not_.empty()) {
      cell.not_run = why_not_;
      return;
    }
    auto step =
        run_step(asked_.model, truth_, how_, columns, cell.stage != Stage::decode, cache_, answerers_);
    if (!step) {
      cell.not_run = why_not_ = step.error().what;
      return;
    }
    judge_step(asked_, truth_, columns, cache_, *step, number, reads, cell);
  }

 private:
  const Asked& asked_;
  const Truth& truth_;
  const Answerers& answerers_;
  const Convention& how_;
  Cache cache_;
  std::string why_not_;
};

}  // namespace

bool Table::kernels_wrong() const {
  return std::any_of(cells.begin(), cells.end(),
                     [](const Cell& cell) { return cell.first && !cell.first->by_caller; });
}

bool Table::complete() const {
  return std::all_of(cells.begin(), cells.end(), [](const Cell& cell) { return cell.not_run.empty(); });
}

Table run_scenario(const Asked& asked, const Settings& settings, const Answerers& answerers,
                   const std::function<void(double)>& progress) {
  const Truth truth(asked, settings.steps);
  Table table;
  table.settings = settings;
  for (const auto& prompt : asked.prompts) table.prompts.push_back(static_cast<int>(prompt.size()));
  constexpr Side kSides[]{Side::left, Side::right, Side::both};
  std::vector<const Convention*> asked_for;
  for (const Convention& how : conventions())
    if (settings.only.empty() ||
        std::find(settings.only.begin(), settings.only.end(), how.name) != settings.only.end())
      asked_for.push_back(&how);
  double done = 0;
  const auto all = static_cast<double>(asked_for.size() * std::size(kSides));
  for (const Convention* how : asked_for)
    for (const Side side : kSides) {
      const Columns prompt = rectangle(truth, table.prompts, side, settings.more);
      const int width = static_cast<int>(prompt.front().size());
      const auto cell = [&](Stage stage) {
        Cell one;
        one.side = side;
        one.stage = stage;
        one.how = how;
        return one;
      };
      Cell prefill = cell(Stage::prefill), chunked = cell(Stage::chunked), decode = cell(Stage::decode);
      Batch whole(asked, truth, answerers, *how), chunks(asked, truth, answerers, *how);
      whole.run(prompt, 0, true, prefill);
      for (int step = 0; step < settings.steps; ++step)
        whole.run(decode_step(table.prompts, step), step, true, decode);
      for (int first = 0, number = 0; first < width; first += settings.chunk, ++number)
        chunks.run(part_of(prompt, first, settings.chunk), number, first + settings.chunk >= width, chunked);
      for (Cell* one : {&prefill, &chunked, &decode}) table.cells.push_back(std::move(*one));
      if (progress) progress(++done / all);
    }
  return table;
}

}  // namespace flashdiff::generation
