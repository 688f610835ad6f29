#include "reports/templates.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "reports/embedded.h"

namespace flashdiff {
namespace {

TEST(Templates, ATagWithoutAValueIsABug) {
  const auto as_it_is = [](const std::string& text) { return text; };
  EXPECT_THROW((void)render("matrix.mustache", View(View::type::object), as_it_is), std::logic_error);
}

TEST(Templates, AFileThatIsNotThereIsABug) {
  EXPECT_THROW((void)embedded("nothing.mustache"), std::logic_error);
}

TEST(Templates, AreInTheProgram) {
  EXPECT_GT(embedded("page.css").size(), 1000U);
  EXPECT_GT(embedded("page.mustache").size(), 1000U);
}

TEST(Templates, HashesAreBase64OfThirtyTwoBytes) {
  for (const std::string_view hash : {style_hash(), script_hash()}) {
    EXPECT_EQ(hash.size(), 44U);
    EXPECT_EQ(hash.back(), '=');
  }
}

}  // namespace
}  // namespace flashdiff
