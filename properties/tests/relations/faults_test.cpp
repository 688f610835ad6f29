#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/relations/changed.h"
#include "properties/tests/relations/reading_backend.h"
#include "properties/tests/relations/tried.h"

// Each relation is seen broken on a mistake of its own kind, and holds on the same case without it.

namespace flashdiff {
namespace {

using relations::Relation;
using testing::ReadingBackend;

struct Fault {
  const char* relation;
  const char* mistake;
  const char* line;
  ReadingBackend::Misread misread;
  ReadingBackend::Spoil spoil;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.relation << ": " << fault.mistake; }

/// K and V as a kernel sees them that takes head modulo h_kv for the K/V head of a query head.
void kv_head_by_modulo(Problem& problem, LogicalData& data) {
  const int h_kv = problem.h_kv;
  for (LogicalTensor<float>* tensor : relations::of_keys(data)) {
    std::vector<int> rows;
    for (int s = 0; s < tensor->sequences(); ++s) rows.push_back(tensor->rows(s));
    *tensor = relations::taken(
        *tensor, rows, problem.h_q, tensor->width(),
        [h_kv](relations::RowAt at) {
          at.head %= h_kv;
          return at;
        },
        [](int column) { return column; });
  }
  problem.h_kv = problem.h_q;
}

void one_key_further(Problem& problem, LogicalData&) {
  if (problem.mask.kind == MaskKind::causal_bottom_right)
    problem.mask = {MaskKind::window, Mask::unbounded, 1};
  else
    ++problem.mask.right;
}

void length_of_the_first(Problem& problem, LogicalData& data) {
  for (SequenceLengths& one : problem.sequences)
    one.kv_len = std::min(one.kv_len, problem.sequences.front().kv_len);
  for (LogicalTensor<float>* tensor : relations::of_keys(data)) {
    std::vector<int> rows;
    for (const SequenceLengths& one : problem.sequences) rows.push_back(one.kv_len);
    *tensor = relations::taken(
        *tensor, rows, tensor->heads(), tensor->width(), [](relations::RowAt at) { return at; },
        [](int column) { return column; });
  }
}

/// The last key of every sequence counts as the one before it.
void last_key_twice(Problem&, LogicalData& data) {
  for (LogicalTensor<float>* tensor : relations::of_keys(data))
    for (int s = 0; s < tensor->sequences(); ++s)
      for (int head = 0; head < tensor->heads() && tensor->rows(s) > 1; ++head)
        std::copy_n(tensor->row(s, head, tensor->rows(s) - 2), tensor->width(),
                    tensor->row(s, head, tensor->rows(s) - 1));
}

void last_row_is_the_one_before(LogicalTensor<float>& tensor) {
  for (int s = 0; s < tensor.sequences(); ++s)
    for (int head = 0; head < tensor.heads() && tensor.rows(s) > 1; ++head)
      std::copy_n(tensor.row(s, head, tensor.rows(s) - 2), tensor.width(),
                  tensor.row(s, head, tensor.rows(s) - 1));
}

void last_column_left_out(Problem&, LogicalData& data) {
  for (int s = 0; s < data.q.sequences(); ++s)
    for (int head = 0; head < data.q.heads(); ++head)
      for (int row = 0; row < data.q.rows(s); ++row) data.q.row(s, head, row)[data.q.width() - 1] = 0;
}

void times(LogicalTensor<float>& tensor, float factor) {
  for (float& value : tensor.values()) value *= factor;
}

/// As 0 times what lies beside it adds up: to the first sequence from the others.
void zero_times_the_neighbours(LogicalTensor<float>& tensor) {
  float sum = 0;
  for (const float value : tensor.values()) sum += 0 * value;
  for (float& value : tensor.values()) value += sum;
}

constexpr const char* kPlain =
    "fd1 b=2 hq=4 hk=2 d=16 dv=24 dt=f16 lay=left q=9,20 kv=17,40 mask=none data=normal seed=0x7";
constexpr const char* kCausal =
    "fd1 b=2 hq=4 hk=2 d=16 dv=24 dt=f16 lay=left q=9,20 kv=17,40 mask=causal_br data=normal seed=0x7";
constexpr const char* kBackward =
    "fd1 b=2 hq=4 hk=2 d=16 dv=24 dt=f16 pass=backward lay=left q=9,20 kv=17,40 mask=none data=normal "
    "seed=0x7";
constexpr const char* kBackwardCausal =
    "fd1 b=2 hq=4 hk=2 d=16 dv=24 dt=f16 pass=backward lay=left q=9,20 kv=17,40 mask=causal_br data=normal "
    "seed=0x7";
constexpr const char* kAppend =
    "fd1 b=2 hq=4 hk=2 d=16 dv=24 dt=f16 pass=append rope=half lay=left q=5,9 kv=17,40 mask=none data=normal "
    "seed=0x7";

std::vector<Fault> faults() {
  const auto gain = [](Answer& said) { times(said.o, 1.01f); };
  const auto base_2 = [](Answer& said) { times(said.lse, 1.4427f); };
  return {
      {"one-sequence-alone", "the first sequence's length is taken for all", kPlain, length_of_the_first, {}},
      {"one-sequence-alone", "the same of gradients", kBackward, length_of_the_first, {}},
      {"ones-in-v", "1 % too much in every row", kPlain, {}, gain},
      {"linear-in-v",
       "something is added to O",
       kPlain,
       {},
       [](Answer& said) {
         for (float& value : said.o.values()) value += 0.01f;
       }},
      {"linear-in-do",
       "dO beyond 1 is cut off",
       kBackward,
       [](Problem&, LogicalData& data) {
         for (float& value : data.d_o.values()) value = std::clamp(value, -1.0f, 1.0f) + 0.01f;
       },
       {}},
      {"keys-in-any-order", "the last key counts as the one before", kPlain, last_key_twice, {}},
      {"keys-in-any-order", "the same of gradients", kBackward, last_key_twice, {}},
      {"queries-in-any-order",
       "the last row gets the one before",
       kPlain,
       {},
       [](Answer& said) { last_row_is_the_one_before(said.o); }},
      {"queries-in-any-order",
       "the same of dQ",
       kBackward,
       {},
       [](Answer& said) { last_row_is_the_one_before(said.dq); }},
      {"heads-in-any-order", "K/V heads by modulo", kPlain, kv_head_by_modulo, {}},
      {"heads-in-any-order",
       "the last head of an append is the first",
       kAppend,
       {},
       [](Answer& said) {
         std::copy_n(said.q_rot.matrix(1, 0), said.q_rot.rows(1) * said.q_rot.width(),
                     said.q_rot.matrix(1, 3));
       }},
      {"columns-in-any-order", "the last column of Q is left out", kPlain, last_column_left_out, {}},
      {"columns-in-any-order", "the same of gradients", kBackward, last_column_left_out, {}},
      {"k-plus-c", "LSE in base 2", kPlain, {}, base_2},
      {"k-plus-c",
       "K beyond 2 is cut off",
       kPlain,
       [](Problem&, LogicalData& data) {
         for (float& value : data.k.values()) value = std::clamp(value, -2.0f, 2.0f);
       },
       {}},
      {"kv-heads-repeated", "K/V heads by modulo", kPlain, kv_head_by_modulo, {}},
      {"kv-heads-repeated",
       "dV of a group is its mean",
       kBackward,
       {},
       [](Answer& said) {
         if (said.dv.heads() == 2) times(said.dv, 0.5f);
       }},
      {"split-keys", "LSE in base 2", kPlain, {}, base_2},
      {"causal-prefix", "a query sees the key behind its own", kCausal, one_key_further, {}},
      {"causal-prefix", "the same of dQ", kBackwardCausal, one_key_further, {}},
      {"decode-is-last-row",
       "the mask is aligned to the top left",
       kCausal,
       [](Problem& problem, LogicalData&) { problem.mask = {MaskKind::causal_top_left}; },
       {}},
      {"wide-window",
       "windows are one key narrower",
       kCausal,
       [](Problem& problem, LogicalData&) {
         if (problem.mask.kind == MaskKind::window) --problem.mask.left;
       },
       {}},
      {"window-of-one",
       "a query sees the key behind its own",
       kPlain,
       [](Problem& problem, LogicalData& data) {
         if (problem.mask.kind == MaskKind::window) one_key_further(problem, data);
       },
       {}},
      {"window-of-one",
       "the same of gradients",
       kBackward,
       [](Problem& problem, LogicalData& data) {
         if (problem.mask.kind == MaskKind::window) one_key_further(problem, data);
       },
       {}},
      {"large-softcap",
       "with a softcap the scale is wrong",
       kPlain,
       [](Problem& problem, LogicalData&) {
         if (problem.softcap) problem.scale = static_cast<float>(1.1 * problem.softmax_scale());
       },
       {}},
      {"low-sink",
       "a sink counts as 0",
       kPlain,
       [](Problem& problem, LogicalData&) {
         if (problem.sink) problem.sink->logit = 0.0f;
       },
       {}},
      {"nan-stays",
       "what is masked is multiplied by 0",
       kPlain,
       {},
       [](Answer& said) { zero_times_the_neighbours(said.o); }},
      {"nan-stays",
       "the same of dK",
       kBackward,
       {},
       [](Answer& said) { zero_times_the_neighbours(said.dk); }},
      {"nan-stays",
       "the same of an append's K",
       kAppend,
       {},
       [](Answer& said) { zero_times_the_neighbours(said.k); }},
      {"append-in-two-steps",
       "positions start at 0",
       kAppend,
       [](Problem& problem, LogicalData&) {
         for (SequenceLengths& one : problem.sequences) one.kv_len = one.q_len;
       },
       {}},
  };
}

class RelationFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(RelationFaults, IsSeenAndNothingIsSeenWithoutIt) {
  const Fault& fault = GetParam();
  const Relation* const relation = relations::relation_named(fault.relation);
  ASSERT_NE(relation, nullptr);
  const Case c = parse_case(fault.line).value();
  ReadingBackend wrong(fault.misread, fault.spoil), right;
  const relations::Tried seen = testing::tried(wrong, c, *relation);
  EXPECT_EQ(seen.why_not, "");
  ASSERT_TRUE(seen.failure.has_value());
  const auto* const broken = std::get_if<verdict::BrokenRelation>(&*seen.failure);
  ASSERT_NE(broken, nullptr) << explain(*seen.failure);
  EXPECT_EQ(broken->relation, fault.relation);
  EXPECT_GT(broken->wrong, 0);
  const relations::Tried held = testing::tried(right, c, *relation);
  EXPECT_EQ(held.why_not, "");
  EXPECT_FALSE(held.failure.has_value()) << explain(*held.failure);
}

INSTANTIATE_TEST_SUITE_P(Planted, RelationFaults, ::testing::ValuesIn(faults()));

TEST(RelationFaults, EveryRelationHasOne) {
  std::set<std::string> seen;
  for (const Fault& fault : faults()) seen.insert(fault.relation);
  for (const Relation& relation : relations::relations())
    EXPECT_EQ(seen.count(relation.name), 1u) << relation.name << " is never seen broken";
}

}  // namespace
}  // namespace flashdiff
