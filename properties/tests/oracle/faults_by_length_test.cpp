#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/oracle/bias.h"
#include "properties/tests/oracle/subject.h"

// The oracle itself (issue 6): what it is there to find is found at every length of a row, or the verdict
// says that it might not have been.

namespace flashdiff {
namespace {

using testing::answer_that;
using testing::right_answer;
using testing::sees_as_asked;
using testing::Subject;

/// As kernels on tensor cores declare themselves.
Subject of_tensor_cores(const std::string& line) {
  Subject s = testing::subject(line);
  if (s.problem().dtype != DType::f32) {
    s.numerics.p = s.numerics.ds = s.problem().dtype;
    s.numerics.qk = s.numerics.pv = Accumulation::f32_tensor_core;
    s.expected = attention_forward_with_budget(s.problem(), s.data, s.numerics);
    s.wanted = wanted(s.problem(), s.data, s.numerics);
  }
  return s;
}

constexpr const char* kDTypes[] = {"f32", "f16", "bf16"};
constexpr int kKeys[] = {1, 2, 3, 16, 64, 65, 256, 1024, 4096};

/// The last `queries` queries over so many keys, causal: each sees one key more than the one before.
Subject rows_of(const char* dtype, int keys, int queries = 16) {
  return of_tensor_cores(fmt::format(
      "fd1 b=1 hq=2 hk=1 d=32 dv=32 dt={} lay=packed q={} kv={} mask=causal_br data=normal seed={:#x}", dtype,
      std::min(queries, keys), keys, 5 * keys + 1));
}

bool is_weak(const Verdict& v) { return std::holds_alternative<verdict::PassWeak>(v); }

template <class Plant>
void expect_found_or_weak(Plant plant) {
  for (const char* dtype : kDTypes) {
    std::string words;
    for (int keys : kKeys) {
      const Subject s = rows_of(dtype, keys);
      ASSERT_FALSE(is_failure(s.judged(answer_that(s, sees_as_asked(s)))))
          << dtype << " " << keys << ": " << explain(s.judged(answer_that(s, sees_as_asked(s))));
      const Verdict v = s.judged(plant(s));
      EXPECT_TRUE(is_failure(v) || is_weak(v)) << dtype << ", " << keys << " keys: " << explain(v);
      words += fmt::format(" {}: {}", keys, name_of(v));
    }
    fmt::print("  {:4}{}\n", dtype, words);
  }
}

TEST(FaultsByLength, ADroppedKey) {
  expect_found_or_weak([](const Subject& s) {
    const int dropped = s.data.k.rows(0) / 2;
    return answer_that(s, [right = sees_as_asked(s), dropped](int b, int h, int row, int key) {
      return right(b, h, row, key) && key != dropped;
    });
  });
}

TEST(FaultsByLength, AnExtraKey) {
  expect_found_or_weak([](const Subject& s) {
    if (s.data.k.rows(0) == 1) {  // there is none to be seen too much: its weight counts twice
      Answer answer = answer_that(s, sees_as_asked(s));
      for (float& lse : answer.lse.values()) lse += std::log(2.0f);
      return answer;
    }
    return answer_that(s, testing::sees_with(s, Mask{MaskKind::window, Mask::unbounded, 1}));
  });
}

TEST(FaultsByLength, AGainOfOnePercent) {
  expect_found_or_weak([](const Subject& s) {
    Answer answer = right_answer(s);
    for (std::size_t i = 0; i < answer.o.values().size(); ++i)
      answer.o.values()[i] =
          rounded(s.problem().dtype, static_cast<float>(1.01 * s.wanted.outputs[0].want.values()[i]));
    return answer;
  });
}

TEST(FaultsByLength, TwoRowsSwapped) {
  expect_found_or_weak([](const Subject& s) {
    Answer answer = right_answer(s);
    const int rows = answer.o.rows(0);
    if (rows == 1) {  // with the other head's: O of one key is V for both, and LSE shows it
      std::swap_ranges(answer.o.row(0, 0, 0), answer.o.row(0, 0, 0) + answer.o.width(),
                       answer.o.row(0, 1, 0));
      std::swap(*answer.lse.row(0, 0, 0), *answer.lse.row(0, 1, 0));
      return answer;
    }
    std::swap_ranges(answer.o.row(0, 0, 0), answer.o.row(0, 0, 0) + answer.o.width(),
                     answer.o.row(0, 0, rows - 1));
    std::swap(*answer.lse.row(0, 0, 0), *answer.lse.row(0, 0, rows - 1));
    return answer;
  });
}

/// Every element off by its whole budget is no mismatch, and every one by 1.5 times is. With signs that
/// alternate; whether so large errors, of any signs, are still those of a kernel that rounds as it says is
/// the question of rule 2, which may say no.
TEST(FaultsByLength, TheBudgetExactlyAndHalfAsMuchAgain) {
  for (const char* dtype : kDTypes)
    for (int keys : kKeys) {
      const Subject s = rows_of(dtype, keys);
      const auto perturbed = [&](double budgets, bool one_element) {
        Answer answer = right_answer(s);
        for (const WantedTensor& of : s.wanted.outputs) {
          const auto want = of.want.values(), budget = of.budget.values();
          auto got = answer.of(of.role).values();
          for (std::size_t i = 0; i < want.size(); ++i) {
            if (one_element && i != want.size() / 2) continue;
            if (!std::isfinite(want[i])) continue;
            const double off = (i % 2 == 0 ? 1 : -1) * budgets * budget[i];
            got[i] = static_cast<float>(want[i] + off);
            // The way to float may not lead out of the budget, or into it.
            while (budgets <= 1 && std::fabs(got[i] - want[i]) > budget[i])
              got[i] = std::nextafter(got[i], static_cast<float>(want[i]));
          }
        }
        return answer;
      };
      const Verdict all = s.judged(perturbed(1, false)), one = s.judged(perturbed(1, true));
      EXPECT_FALSE(std::holds_alternative<verdict::Mismatch>(all)) << dtype << " " << keys << explain(all);
      EXPECT_FALSE(is_failure(one)) << dtype << " " << keys << explain(one);
      const Verdict beyond = s.judged(perturbed(1.5, false)), one_beyond = s.judged(perturbed(1.5, true));
      ASSERT_TRUE(std::holds_alternative<verdict::Mismatch>(beyond)) << dtype << " " << keys;
      EXPECT_TRUE(std::holds_alternative<verdict::Mismatch>(one_beyond)) << dtype << " " << keys;
      const auto& mismatch = std::get<verdict::Mismatch>(beyond);
      EXPECT_GT(static_cast<double>(mismatch.wrong), 0.99 * static_cast<double>(mismatch.total));
    }
}

}  // namespace
}  // namespace flashdiff
