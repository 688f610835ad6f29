#include <algorithm>

#include <fmt/format.h>

#include "harness/lint/catalogue.h"

namespace flashdiff::lint {
namespace {

int columns_of(const Step& step) { return step.kv_len() + step.free_slots; }

std::optional<Found> find_unexpanded(const Seen& seen) {
  const Step& step = seen.step;
  std::vector<int> rows;
  for (const Span& span : step.spans)
    if (span.end > columns_of(step) && (rows.empty() || rows.back() != span.row)) rows.push_back(span.row);
  if (rows.empty() && step.ids_columns <= columns_of(step)) return std::nullopt;
  std::int64_t expanded = 0, most = 0;
  for (std::size_t i = 0; i < step.spans.size(); ++i) {
    if (i > 0 && step.spans[i].row != step.spans[i - 1].row) expanded = 0;
    expanded += step.spans[i].end - step.spans[i].begin - 1;
    most = std::max(most, expanded);
  }
  if (step.ids_columns > 0)
    return Found{
        fmt::format(
            "the ids have {} columns, the mask {}; {} more than placeholders stand in the row with most "
            "image tokens",
            step.ids_columns, columns_of(step), most),
        std::move(rows)};
  return Found{fmt::format("image tokens reach behind the mask's {} columns", columns_of(step)),
               std::move(rows)};
}

std::optional<Found> find_masked(const Seen& seen) {
  const Step& step = seen.step;
  std::vector<int> rows;
  std::string message;
  Level level = Level::warning;
  for (const Span& span : step.spans) {
    const int end = std::min(span.end, step.kv_len());
    if (span.begin >= end) continue;
    const int tokens = step.mask.count(span.row, span.begin, end);
    if (tokens == end - span.begin) continue;
    if (tokens > 0) level = Level::error;
    if (message.empty())
      message = fmt::format("{} of the {} image tokens at columns {} to {} of row {} are padding by the mask",
                            end - span.begin - tokens, end - span.begin, span.begin, end - 1, span.row);
    if (rows.empty() || rows.back() != span.row) rows.push_back(span.row);
  }
  if (rows.empty()) return std::nullopt;
  return Found{std::move(message), std::move(rows), level};
}

}  // namespace

const Rule images_not_expanded{
    "FD019",
    "images-not-expanded",
    Level::error,
    "image placeholders were expanded in the ids, and not in the mask",
    "Expand the mask with the ids, or make it from the expanded ids (ids != pad_token_id).",
    R"(A processor replaces each image placeholder by as many tokens as the image has patches. A mask that
the tokenizer made before has one column where the ids have hundreds: everything behind the first
image is masked by what stands columns further left, and the rest has no mask at all. Needs --spans,
or --ids with --image-token.

Example:  ids   7 I I I I 8    mask 1 1 1)",
    find_unexpanded};

const Rule images_masked{
    "FD020",
    "images-masked",
    Level::error,
    "image tokens that the mask calls padding",
    "Truncate whole images, or not at all, and give image tokens a mask of 1.",
    R"(Image features are scattered to the image tokens' columns, masked or not. An image that is masked in
part was cut by a truncation or by padding to a fixed length: its features lie across the edge (an
error). One that is masked altogether is read by nobody, which may be meant (a warning).

Example:  ids   7 I I I I 8    mask 1 1 1 0 0 0)",
    find_masked};

}  // namespace flashdiff::lint
