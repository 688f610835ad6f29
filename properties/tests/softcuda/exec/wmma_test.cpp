#include <cstring>
#include <random>
#include <type_traits>
#include <utility>

#include "properties/tests/softcuda/exec/on_machine.h"

/// wmma as CUDA's own header makes it, on small whole numbers: any model and any order of summation gives the
/// same.
namespace softcuda::testing {
namespace {

template <class T>
T encoded(int x, const std::string& type) {
  const auto f = static_cast<float>(x);
  if constexpr (std::is_same_v<T, std::uint16_t>) {
    std::uint16_t bits;
    if (type == "bf16") {
      std::uint32_t wide;
      std::memcpy(&wide, &f, 4);
      return static_cast<T>(wide >> 16);
    }
    const auto h = static_cast<_Float16>(f);
    std::memcpy(&bits, &h, 2);
    return bits;
  } else {
    return static_cast<T>(x);
  }
}

/// C = A B + 2 C: A row-major M x K, B column-major K x N, C row-major.
template <class T, class C>
void expect_product(const std::string& type, int m, int n, int k) {
  static const auto image = compiled("wmma");
  ASSERT_TRUE(image);
  const std::string name = type + "_" + std::to_string(m) + "_" + std::to_string(n) + "_" + std::to_string(k);
  std::mt19937 engine(11);
  std::uniform_int_distribution<int> small(0, 4);
  const auto count = [](int rows, int columns) { return static_cast<std::size_t>(rows * columns); };
  std::vector<int> a(count(m, k)), b(count(k, n)), c(count(m, n));
  for (auto* values : {&a, &b, &c}) {
    for (int& x : *values) x = small(engine) - (type == "s8" ? 2 : 0);
  }
  std::vector<T> ea, eb;
  std::vector<C> ec;
  for (const int x : a) ea.push_back(encoded<T>(x, type));
  for (const int x : b) eb.push_back(encoded<T>(x, type));
  for (const int x : c) ec.push_back(encoded<C>(x, type));
  const OnDevice<T> da(ea), db(eb);
  const OnDevice<C> dc(ec);
  machine().reset_reports();
  const auto done = machine().launch(*image->kernel(name), {1, 1, 1}, {32, 1, 1}, 0,
                                     parameters(da.address(), db.address(), dc.address()));
  ASSERT_TRUE(done) << name << done.error().fault.report;
  for (const auto& report : machine().reports()) ADD_FAILURE() << report.text;
  const auto out = dc.values();
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      int wanted = 2 * c[static_cast<std::size_t>(i * n + j)];
      for (int s = 0; s < k; ++s)
        wanted += a[static_cast<std::size_t>(i * k + s)] * b[static_cast<std::size_t>(j * k + s)];
      ASSERT_EQ(out[static_cast<std::size_t>(i * n + j)], encoded<C>(wanted, type))
          << name << " " << i << "," << j;
    }
  }
}

TEST(Wmma, MultipliesEveryShapeAndTypeByEveryModel) {
  for (const auto model : {isa::TensorModel::fused, isa::TensorModel::exact,
                           isa::TensorModel::truncating_sm80, isa::TensorModel::truncating_sm90}) {
    const WithSettings some([&](auto& s) {
      s.modes.tensor = model;
      s.checks = {true, true, true, true, true};
    });
    for (const auto& [m, n] : {std::pair{16, 16}, {32, 8}, {8, 32}}) {
      expect_product<std::uint16_t, float>("f16", m, n, 16);
      expect_product<std::uint16_t, std::uint16_t>("f16_f16", m, n, 16);
      expect_product<std::uint16_t, float>("bf16", m, n, 16);
      expect_product<std::int8_t, int>("s8", m, n, 16);
      expect_product<std::uint8_t, int>("u8", m, n, 16);
    }
    expect_product<float, float>("tf32", 16, 16, 8);
    expect_product<double, double>("f64", 8, 8, 4);
  }
}

}  // namespace
}  // namespace softcuda::testing
