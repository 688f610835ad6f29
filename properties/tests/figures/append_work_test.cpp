#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "harness/figures/roofline.h"
#include "harness/figures/shapes.h"
#include "properties/tests/figures/counted.h"

/// What append_kv executes on the shapes that are published, counted: rows are stored once, whole sector by
/// whole sector, and hardly anything is loaded besides.
namespace flashdiff::figures {
namespace {

TEST(AppendWork, AreOneTokenAndManyInRowsAndInPages) {
  const auto all = shapes(kernel_named("append_kv").plan);
  for (const char* name :
       {"d64/append1_left", "d64/append1_pages16", "d128/append512_left", "d128/append512_pages16"}) {
    const auto found = std::ranges::find(all, name, &Shape::name);
    ASSERT_NE(found, all.end()) << name;
    EXPECT_EQ(found->question.layout.page > 0, found->name.find("pages") != std::string::npos);
    ASSERT_TRUE(found->question.problem.rope);
    EXPECT_EQ(found->question.problem.rope->form, RopeForm::half);
  }
}

/// Loaded besides the rows: cosines and sines of a position once a block, where the token lies, the block
/// table.
TEST(AppendWork, RowsAreMovedOnce) {
  const auto backend = open_backend("append_kv", {DeviceChoice::soft, {}, {}, 0}).value();
  for (const Shape& shape : shapes(kernel_named("append_kv").plan)) {
    if (shape.name.find("append1_") == std::string::npos)
      continue;  // 512 of them are the same blocks, and slow to make
    const LaidOut sent = lay_out(shape.question, make_given(shape.question.problem).value());
    const auto f = count(*backend, sent);
    ASSERT_TRUE(f) << f.error().what;
    double written = 0;  // Q, K and V of the new tokens: as much is read
    for (const TensorRole role : outputs_of(Pass::append)) {
      double rows = 0;
      for (const auto count : sent.of(role).place.rows) rows += static_cast<double>(count);
      written += rows * sent.of(role).place.heads * sent.of(role).place.width * 2;
    }
    EXPECT_EQ(32.0 * static_cast<double>(f->written.units), written) << shape.name;
    EXPECT_EQ(f->written.units, f->written.ideal) << shape.name;
    const double read = 32.0 * static_cast<double>(f->read.units);
    EXPECT_GE(read, written) << shape.name;
    EXPECT_LE(read, 1.25 * written) << shape.name;
    EXPECT_EQ(f->local.units, 0u) << shape.name;
    EXPECT_EQ(f->tensor_flops, 0) << shape.name;
  }
}

}  // namespace
}  // namespace flashdiff::figures
