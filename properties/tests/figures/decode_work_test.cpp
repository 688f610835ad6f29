#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/figures/shapes.h"
#include "properties/tests/figures/counted.h"

/// What flash_decode executes on the shapes that are published, counted: the rows of K and V are read once,
/// whole sector by whole sector, without a spill, and hardly with a bank conflict.
namespace flashdiff::figures {
namespace {

double bytes_of_cache(const Problem& p) {
  double rows = 0;
  for (const SequenceLengths& one : p.sequences) rows += one.kv_len;
  return rows * p.h_kv * (p.d_qk + p.d_v) * 2;
}

/// The block table, Q once a split, and lengths are what is read besides.
TEST(DecodeWork, TheCacheIsReadOnce) {
  for (const Shape& shape : shapes(kernel_named("flash_decode").plan)) {
    const Figures f = counted("flash_decode", shape.question);
    const double over = 32.0 * static_cast<double>(f.read.units) / bytes_of_cache(shape.question.problem);
    const bool splits = f.entries.size() > 1;
    EXPECT_EQ(splits, shape.name.find("split") != std::string::npos) << shape.name;
    EXPECT_GE(over, 1.0) << shape.name;
    EXPECT_LE(over, splits ? 1.10 : 1.02) << shape.name;   // partial O is written, and read again
    EXPECT_LE(f.shared.over_ideal(), 1.01) << shape.name;  // of the loop 1: the rest is the warps' merge
    EXPECT_EQ(f.read.units, f.read.ideal) << shape.name;
    EXPECT_EQ(f.local.units, 0u) << shape.name;
  }
}

/// By cp.async come K, V and Q, and each block reads its rows of Q: what is left are the valid rows of K and
/// V, to the byte, however many splits there are.
TEST(DecodeWork, ValidRowsOfKeysAndValuesAreReadOnceInSplitsToo) {
  const kernels::KernelPlan& plan = kernel_named("flash_decode").plan;
  for (const Shape& shape : shapes(plan)) {
    const Problem& p = shape.question.problem;
    const LaidOut io = lay_out(shape.question, make_given(p).value());
    const std::uint64_t blocks = plan.plan(io, {}).front().grid[0];
    const auto queries = blocks * static_cast<std::uint64_t>(p.group() * p.d_qk * 2);
    std::uint64_t copied = 0;
    for (const auto& entry : counted_by_entry("flash_decode", shape.question)) {
      const auto& global = entry.at("memory").at("global");
      if (global.contains("async_copy")) copied += global.at("async_copy").at("bytes").get<std::uint64_t>();
    }
    EXPECT_EQ(copied - queries, bytes_of_cache(p)) << shape.name;
  }
}

}  // namespace
}  // namespace flashdiff::figures
