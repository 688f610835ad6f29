#include "properties/tests/reports/bench_by_hand.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flashdiff::test {
namespace {

using nlohmann::json;

class Benches {
 public:
  explicit Benches(double slower) : slower_(slower) {}

  void counted(const std::string& name, json counters) {
    counters["name"] = "figures/" + name + "/iterations:1";
    counters["run_type"] = "iteration";
    counters["real_time"] = 7e8;
    all_.push_back(std::move(counters));
  }
  /// `rate`: FLOPs a second, as a run that is not slower has them.
  void timed(const std::string& name, double rate, double flops) {
    for (int i = 0; i < 5; ++i) {
      const double ripple = slower_ * (1 + 0.02 * std::sin(2.1 * i));
      all_.push_back({{"name", name},
                      {"run_type", "iteration"},
                      {"repetition_index", i},
                      {"time_unit", "us"},
                      {"real_time", 1e6 * flops / rate * ripple},
                      {"items_per_second", rate / ripple},
                      {"bytes", flops / 4}});
    }
  }
  void failed(const std::string& name, const std::string& why) {
    all_.push_back(
        {{"name", name}, {"run_type", "iteration"}, {"error_occurred", true}, {"error_message", why}});
  }
  [[nodiscard]] double slower() const { return slower_; }
  [[nodiscard]] json take() { return std::move(all_); }

 private:
  double slower_;
  json all_ = json::array();
};

/// Of a kernel that multiplies tiles: `instructions` a product, `issued` over needed.
json work(double flops, double instructions, double issued, double dense) {
  return {{"useful_flops", flops},
          {"compulsory_bytes", flops / (20 + flops / 4e6)},
          {"products", issued * flops / 4096},
          {"warp_instructions", instructions * issued * flops / 4096},
          {"warp_instructions_a_product", instructions},
          {"issued_over_needed", issued},
          {"issued_over_algorithm", issued},
          {"issued_over_tiles", 1.0},
          {"dense_over_needed", dense},
          {"wavefronts_over_ideal", 1.0},
          {"read_sectors_over_ideal", 1.0},
          {"local_sectors", 0.0},
          {"moved_bytes_over_rows", 1.0 + 0.1 * issued},
          {"bound_tflops_A100", flops > 1e8 ? 260.0 : 120.0},
          {"bound_tflops_H200", flops > 1e8 ? 610.0 : 200.0},
          {"label", flops > 1e8 ? "bound by A100: tensor cores; H200: issue slots"
                                : "bound by A100: device memory; H200: shared memory"}};
}

void add_kernel(Benches& book, const std::string& kernel, double times) {
  const double slower = book.slower();
  for (const int d : {64, 128}) {
    book.counted(fmt::format("{}/d{}/main_loop", kernel, d),
                 {{"warp_instructions_a_product", slower * times * (d == 64 ? 4.46 : 3.38)},
                  {"issued_over_needed", 1.0},
                  {"issued_over_algorithm", 1.0},
                  {"wavefronts_over_ideal", 1.0},
                  {"read_sectors_over_ideal", 1.0},
                  {"local_sectors", 0.0}});
    for (const int length : {256, 512, 1024, 2048})
      for (const char* mask : {"", "_causal"}) {
        const double flops = 4.0 * length * length * d * (*mask == 0 ? 1 : 0.5);
        const std::string shape = fmt::format("d{}/seq{}{}", d, length, mask);
        book.counted(kernel + '/' + shape,
                     work(flops, times * (4.4 + 100.0 / length), *mask == 0 ? 1 : 1 + 120.0 / length, 2));
        book.timed("gpu/" + kernel + '/' + shape + "/iterations:1/repeats:5/manual_time",
                   2e14 * length / (length + 400) / times, flops);
      }
    for (const int fill : {10, 25, 50, 75, 100})
      for (const char* side : {"left", "right"})
        book.counted(fmt::format("{}/d{}/fill{}_{}", kernel, d, fill, side),
                     work(1e7 * fill * fill, 5, 1.1 + 4.0 / fill, 2e4 / fill / fill));
  }
  for (const int d : {32, 96, 192, 256})
    book.counted(fmt::format("{}/d{}/seq1024_causal", kernel, d),
                 work(2e6 * d, times * (2 + 160.0 / d), 1.1, 2));
  for (const int ratio : {1, 2, 4, 8})
    book.counted(fmt::format("{}/d128/gqa{}", kernel, ratio), work(5e8, 3.5, 1.1, 2));
}

void add_decoding(Benches& book) {
  const auto decode = [&](const std::string& shape, double over) {
    book.counted("flash_decode/d128/" + shape, {{"read_bytes_over_cache", over},
                                                {"wavefronts_over_ideal", 1.0},
                                                {"read_sectors_over_ideal", 1.0},
                                                {"written_sectors_over_ideal", 1.0},
                                                {"local_sectors", 0.0},
                                                {"warp_instructions", 1e5 * over},
                                                {"moved_bytes_over_rows", over}});
    book.timed("gpu/flash_decode/d128/" + shape + "/iterations:1/repeats:5/manual_time", 8e12, 4e8);
  };
  for (const int batch : {1, 4, 16})
    for (const int keys : {256, 1024, 4096})
      decode(fmt::format("batch{}_seq{}", batch, keys), 1 + 20.0 / keys + 0.1 / batch);
  for (const int ratio : {1, 2, 4, 8, 16}) decode(fmt::format("decode_gqa{}", ratio), 1 + 0.01 * ratio);
  decode("full_left", 1.01);
  decode("full_pages16", 1.013);
}

json lines_by_hand() {
  const auto line = [](const char* file, int number, const char* text, int instructions, int sectors,
                       int ideal, int wavefronts, int ideal_wavefronts) {
    return json{{"file", file},
                {"line", number},
                {"text", text},
                {"warp_instructions", instructions},
                {"sectors", sectors},
                {"ideal_sectors", ideal},
                {"wavefronts", wavefronts},
                {"ideal_wavefronts", ideal_wavefronts}};
  };
  return {{{"kernel", "flash_forward"},
           {"shape", "d64/seq2048"},
           {"warp_instructions", 10'000},
           {"lines_in_all", 37},
           {"lines",
            {line("kernels/tiles.cuh", 120, "  asm volatile(\"mma.sync <...>\");", 6000, 0, 0, 0, 0),
             line("kernels/flash_forward.cu", 88, "    o *= softmax.update(s);", 2500, 0, 0, 0, 0),
             line("kernels/tiles.cuh", 60, "  asm volatile(\"ldmatrix\");", 900, 0, 0, 1360, 200),
             line("kernels/tiles.cuh", 40, "  asm volatile(\"cp.async\");", 300, 512, 512, 64, 64),
             line("", 0, "", 20, 0, 0, 0, 0)}}}};
}

}  // namespace

std::string bench_json_by_hand(const std::string& date, double slower) {
  Benches book(slower);
  add_kernel(book, "flash_forward", 1);
  add_kernel(book, "flash_backward", 1.3);
  add_decoding(book);
  book.counted("append_kv/d64/append512_left", {{"moved_bytes_over_rows", 1.02 * slower},
                                                {"read_sectors_over_ideal", 1.2},
                                                {"written_sectors_over_ideal", 1.0},
                                                {"wavefronts_over_ideal", 1.0},
                                                {"local_sectors", 0.0},
                                                {"warp_instructions", 1e6}});
  book.counted("flash_forward/ptxas/flash_f16/sm_80", {{"registers", 233.0},
                                                       {"spill_bytes", 8.0},
                                                       {"shared_bytes", 65536.0},
                                                       {"blocks_a_multiprocessor", 2.0},
                                                       {"label", "limited by registers"}});
  book.failed("gpu/cudnn/d64/fill10_left/iterations:1/repeats:5/manual_time", "no time: O is <wrong>");
  for (const auto& [shape, length] :
       {std::pair{"64_keys_d32", 64}, {"256_keys_d64", 256}, {"2048_keys_d128", 2048}}) {
    book.timed(fmt::format("reference/{}/forward", shape), 2e10 * length / (length + 100), 1e7 * length);
    book.timed(fmt::format("openvino/{}", shape), 5e10 * length / (length + 300), 1e7 * length);
  }
  const json peaks = json::array(
      {{{"name", "A100"}, {"tensor_flops", 312e12}, {"f32_flops", 19.5e12}, {"memory_bytes", 2039e9}},
       {{"name", "H200"}, {"tensor_flops", 989.4e12}, {"f32_flops", 66.9e12}, {"memory_bytes", 4800e9}}});
  const json context{
      {"date", date},
      {"host_name", "lab-7"},
      {"flashdiff_commit", slower == 1 ? "3f2c9ab" : "77aa001"},
      {"nvcc", "13.0.88"},
      {"gpu", "NVIDIA H200"},
      {"gpu_l2", "flush"},
      {"flashdiff_gpus", peaks},
      {"flashdiff_lines", lines_by_hand()},
      {"flashdiff_cases",
       {{"flash_forward/d64/seq2048",
         "fd1 b=1 hq=1 hk=1 d=64 dv=64 dt=f16 lay=packed q=2048 kv=2048 mask=none data=normal seed=0x1"}}}};
  return json{{"context", context}, {"benchmarks", book.take()}}.dump();
}

std::vector<BenchRun> bench_runs_by_hand() {
  return {bench_run_of(bench_json_by_hand("2026-02-25T04:00:00+00:00", 1.1), "before").value(),
          bench_run_of(bench_json_by_hand("2026-03-04T04:00:00+00:00"), "now").value()};
}

}  // namespace flashdiff::test
