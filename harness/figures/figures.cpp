#include "harness/figures/figures.h"

#include <functional>

#include <nlohmann/json.hpp>

#include "harness/driver/driver.h"

namespace flashdiff::figures {
namespace {

using nlohmann::json;

void add(Traffic& sum, const json& of, const char* unit) {
  sum.requests += of.at("requests").get<std::uint64_t>();
  sum.units += of.at(unit).get<std::uint64_t>();
  sum.ideal += of.at("ideal").get<std::uint64_t>();
  sum.bytes += of.at("bytes").get<std::uint64_t>();
}

void add(Figures& sum, const json& kernel) {
  sum.launches += kernel.at("launches").get<std::uint64_t>();
  sum.warp_instructions += kernel.at("instructions").at("warp").get<std::uint64_t>();
  for (const auto& [type, flops] : kernel.at("flops").items())
    if (type.starts_with("tensor_")) sum.tensor_flops += flops.get<double>();
  sum.f32_flops += kernel.at("flops").value("f32", 0.0);
  if (const auto special = kernel.at("classes").find("special_function");
      special != kernel.at("classes").end())
    sum.special_functions += special->at("thread").get<double>();
  const json& memory = kernel.at("memory");
  for (const auto& [access, traffic] : memory.at("global").items()) {
    if (access == "all") continue;
    add(access == "load" || access == "async_copy" ? sum.read : sum.written, traffic, "sectors");
  }
  add(sum.shared, memory.at("shared").at("all"), "wavefronts");
  add(sum.local, memory.at("local").at("all"), "sectors");
  sum.entries.push_back(kernel.at("kernel").get<std::string>());
}

/// Of each number of both. Entries are those of `a`.
template <class Operation>
Traffic each(const Traffic& a, const Traffic& b, Operation op) {
  return {op(a.requests, b.requests), op(a.units, b.units), op(a.ideal, b.ideal), op(a.bytes, b.bytes)};
}
template <class Operation>
Figures each(const Figures& a, const Figures& b, Operation op) {
  Figures c;
  c.launches = a.launches;
  c.warp_instructions = op(a.warp_instructions, b.warp_instructions);
  c.f32_flops = op(a.f32_flops, b.f32_flops);
  c.special_functions = op(a.special_functions, b.special_functions);
  c.tensor_flops = op(a.tensor_flops, b.tensor_flops);
  c.read = each(a.read, b.read, op);
  c.written = each(a.written, b.written, op);
  c.shared = each(a.shared, b.shared, op);
  c.local = each(a.local, b.local, op);
  c.entries = a.entries;
  return c;
}

}  // namespace

double Traffic::over_ideal() const {
  return ideal == 0 ? 1.0 : static_cast<double>(units) / static_cast<double>(ideal);
}

Figures difference(const Figures& more, const Figures& fewer) { return each(more, fewer, std::minus<>()); }
Figures sum(const Figures& one, const Figures& other) { return each(one, other, std::plus<>()); }

Outcome<json> count_kernels(Backend& backend, const LaidOut& sent) {
  const auto driver = driver::Driver::load(DeviceChoice::soft);
  if (!driver) return tl::unexpected<Error>(driver.error());
  if ((*driver)->soft().counters_json == nullptr)
    return unsupported((*driver)->library() + ": an older softcuda, without counters by kernel");
  (*driver)->soft().reset_counters();
  if (const auto answer = backend.run(sent); !answer) return tl::unexpected<Error>(answer.error());
  return json::parse((*driver)->soft().counters_json());
}

Figures summed(const json& kernels) {
  Figures figures;
  for (const json& kernel : kernels) add(figures, kernel);
  return figures;
}

Outcome<Figures> count(Backend& backend, const LaidOut& sent) {
  return count_kernels(backend, sent).map(summed);
}

}  // namespace flashdiff::figures
