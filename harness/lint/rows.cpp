#include "harness/lint/rows.h"

namespace flashdiff::lint {
namespace {

RowClass class_of(const RowFacts& row) {
  if (row.empty()) return RowClass::empty;
  if (row.holes > 0) return RowClass::holes;
  if (row.left_padding > 0 && row.right_padding > 0) return RowClass::both;
  if (row.left_padding > 0) return RowClass::left;
  return row.right_padding > 0 ? RowClass::right : RowClass::full;
}

}  // namespace

const char* name_of(RowClass cls) {
  switch (cls) {
    case RowClass::full: return "full";
    case RowClass::left: return "left";
    case RowClass::right: return "right";
    case RowClass::both: return "both";
    case RowClass::holes: return "holes";
    case RowClass::empty: return "empty";
  }
  return "?";
}

RowFacts facts_of(const BitMask& mask, int row) {
  RowFacts facts;
  const int columns = mask.columns();
  facts.last = mask.last_token(row);
  facts.right_padding = columns - 1 - facts.last;
  if (facts.last < 0) return facts;
  facts.first = facts.left_padding = mask.next_token(row, 0);
  for (int begin = facts.first; begin < columns;) {
    const int end = mask.next_padding(row, begin);
    facts.tokens += end - begin;
    const int next = mask.next_token(row, end);
    if (next < columns && ++facts.holes == 1) facts.hole_begin = end, facts.hole_end = next;
    begin = next;
  }
  facts.cls = class_of(facts);
  return facts;
}

std::vector<RowFacts> facts_of(const BitMask& mask) {
  std::vector<RowFacts> facts;
  facts.reserve(static_cast<std::size_t>(mask.rows()));
  for (int row = 0; row < mask.rows(); ++row) facts.push_back(facts_of(mask, row));
  return facts;
}

}  // namespace flashdiff::lint
