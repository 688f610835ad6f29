#include "harness/lint/side_check.h"

namespace flashdiff::lint {
namespace {

/// Whether a row goes wrong in this step because something is padded on the right of its tokens.
bool goes_wrong(const Step& step, const RowFacts& row) {
  switch (step.phase) {
    case Phase::train:
      return false;  // every token's logits are read where the token is; kernels take the mask
    case Phase::prefill: return !row.empty() && row.right_padding > 0;  // logits[:, -1] are padding's
    case Phase::chunked:
    case Phase::decode: return !row.empty() && (row.right_padding > 0 || row.holes > 0);
  }
  return false;
}

}  // namespace

const char* name_of(SideCheck::Judgement judgement) {
  using enum SideCheck::Judgement;
  switch (judgement) {
    case quiet: return "passes, rightly";
    case false_alarm: return "false alarm";
    case true_alarm: return "true alarm";
    case miss: return "miss";
  }
  return "?";
}

SideCheck side_check(const Step& step) {
  using enum SideCheck::Judgement;
  SideCheck check;
  for (int row = 0; row < step.batch(); ++row) {
    const RowFacts& facts = step.rows[static_cast<std::size_t>(row)];
    if (step.free_slots == 0 && facts.right_padding == 0) ++check.last_column;
    if (goes_wrong(step, facts)) check.rows.push_back(row);
  }
  const bool fires = check.last_column != step.batch();
  if (fires)
    check.judgement = check.rows.empty() ? false_alarm : true_alarm;
  else
    check.judgement = check.rows.empty() ? quiet : miss;
  return check;
}

}  // namespace flashdiff::lint
