#include "harness/backend/cudnn/engine.h"

#include <array>
#include <exception>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <cudnn_frontend.h>
#include <dlfcn.h>

#include "harness/backend/cudnn/slots.h"

/// cudnn_frontend looks its functions up here.
void* cudnn_frontend::cudnn_dlhandle = nullptr;

namespace flashdiff::cudnn {
namespace {

namespace fe = cudnn_frontend;
using Tensor_t = std::shared_ptr<fe::graph::Tensor_attributes>;

fe::DataType_t type_of(DType dtype) {
  switch (dtype) {
    case DType::f16: return fe::DataType_t::HALF;
    case DType::bf16: return fe::DataType_t::BFLOAT16;
    case DType::f32: break;
  }
  return fe::DataType_t::FLOAT;
}

/// Softcap's tanh, and its derivative behind dS; pointwise operations on the scores as the frontend has them.
struct Softcap {
  Tensor_t cap;
  std::shared_ptr<fe::graph::attn::score_modifiers::Softcap> steps =
      std::make_shared<fe::graph::attn::score_modifiers::Softcap>();
  [[nodiscard]] auto forward() const {
    return [*this](std::shared_ptr<fe::graph::Graph> g, Tensor_t s) { return steps->forward(g, s, cap); };
  }
  [[nodiscard]] auto backward() const {
    return [*this](std::shared_ptr<fe::graph::Graph> g, Tensor_t s) { return steps->backward(g, s, cap); };
  }
};

/// The tensors of a graph under construction.
class Builder {
 public:
  Builder(const Graph& asked, fe::graph::Graph& graph) : asked_(asked), graph_(graph) {
    graph.set_io_data_type(type_of(asked.dtype))
        .set_intermediate_data_type(fe::DataType_t::FLOAT)
        .set_compute_data_type(fe::DataType_t::FLOAT);
    if (asked.softcap) softcap_ = Softcap{graph.tensor(static_cast<float>(*asked.softcap))};
  }

  void build() { asked_.backward ? build_backward() : build_forward(); }

 private:
  Tensor_t input(const char* name, const Tensor& shape, bool offset = true) {
    return finished(named(name), shape, offset);
  }
  Tensor_t metadata(const char* name, std::vector<std::int64_t> dims, fe::DataType_t type) {
    std::vector<std::int64_t> strides(dims.size(), 1);
    for (std::size_t i = dims.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * dims[i];
    return graph_.tensor(named(name).set_dim(dims).set_stride(strides).set_data_type(type));
  }
  fe::graph::Tensor_attributes named(const char* name) {
    return fe::graph::Tensor_attributes()
        .set_name(name)
        .set_uid(slot_of(name))
        .set_data_type(type_of(asked_.dtype));
  }
  /// `offset`: its rows begin where an offset a sequence says.
  Tensor_t finished(fe::graph::Tensor_attributes attributes, const Tensor& shape, bool offset) {
    attributes.set_dim({shape.dims.begin(), shape.dims.end()})
        .set_stride({shape.strides.begin(), shape.strides.end()});
    Tensor_t made = graph_.tensor(std::move(attributes));
    if (offset && asked_.ragged) made->set_ragged_offset(offset_of(made->get_name()));
    return made;
  }
  void output(const Tensor_t& made, const char* name, const Tensor& shape, fe::DataType_t type,
              bool offset = true) {
    made->set_output(true).set_name(name).set_uid(slot_of(name)).set_data_type(type);
    made->set_dim({shape.dims.begin(), shape.dims.end()})
        .set_stride({shape.strides.begin(), shape.strides.end()});
    if (offset && asked_.ragged) made->set_ragged_offset(offset_of(name));
  }
  Tensor_t offset_of(const std::string& name) {
    return metadata((name + "_offset").c_str(), {asked_.q.dims[0] + 1, 1, 1, 1}, fe::DataType_t::INT32);
  }

  /// What both passes say alike.
  template <class Attributes>
  void say(Attributes& to) {
    const std::int64_t batch = asked_.q.dims[0];
    to.set_attn_scale(static_cast<float>(asked_.scale)).set_alibi_mask(asked_.alibi);
    if (asked_.lengths)
      to.set_padding_mask(true)
          .set_seq_len_q(metadata("seq_len_q", {batch, 1, 1, 1}, fe::DataType_t::INT32))
          .set_seq_len_kv(metadata("seq_len_kv", {batch, 1, 1, 1}, fe::DataType_t::INT32));
    if (asked_.bias)
      to.set_bias(metadata("bias", {batch, asked_.bias_heads, asked_.q.dims[2], asked_.k.dims[2]},
                           type_of(asked_.dtype)));
    if (asked_.left || asked_.right)
      to.set_diagonal_alignment(asked_.bottom_right ? fe::DiagonalAlignment_t::BOTTOM_RIGHT
                                                    : fe::DiagonalAlignment_t::TOP_LEFT);
    if (asked_.left) to.set_diagonal_band_left_bound(*asked_.left);
    if (asked_.right) to.set_diagonal_band_right_bound(*asked_.right);
    if (asked_.sink) to.set_sink_token(metadata("sink", {1, asked_.q.dims[1], 1, 1}, fe::DataType_t::FLOAT));
    if (softcap_) to.set_score_mod(softcap_->forward());
  }

  void build_forward() {
    fe::graph::SDPA_attributes attributes;
    attributes.set_name("attention").set_generate_stats(!asked_.inference);
    const bool in_rows = asked_.page == 0;  // in pages, the block table says where a sequence begins
    const Tensor_t q = input("q", asked_.q), k = input("k", asked_.k, in_rows),
                   v = input("v", asked_.v, in_rows);
    say(attributes);
    if (asked_.page > 0) {
      const std::vector<std::int64_t> table{asked_.q.dims[0], 1, asked_.table_columns, 1};
      attributes.set_paged_attention_k_table(metadata("page_table_k", table, fe::DataType_t::INT32))
          .set_paged_attention_v_table(metadata("page_table_v", table, fe::DataType_t::INT32))
          .set_paged_attention_max_seq_len_kv(static_cast<int>(asked_.table_columns * asked_.page));
    }
    const auto [o, stats] = graph_.sdpa(q, k, v, attributes);
    output(o, "o", asked_.o, type_of(asked_.dtype));
    if (!asked_.inference) output(stats, "stats", asked_.stats, fe::DataType_t::FLOAT, false);
  }

  void build_backward() {
    fe::graph::SDPA_backward_attributes attributes;
    attributes.set_name("attention_backward").set_deterministic_algorithm(asked_.deterministic);
    const Tensor_t q = input("q", asked_.q), k = input("k", asked_.k), v = input("v", asked_.v);
    const Tensor_t o = input("o", asked_.o), d_o = input("d_o", asked_.d_o);
    const Tensor_t stats = finished(named("stats").set_data_type(fe::DataType_t::FLOAT), asked_.stats, false);
    say(attributes);
    if (softcap_) attributes.set_score_mod_bprop(softcap_->backward());
    if (asked_.sink) {
      const Tensor_t dsink = metadata("dsink", {1, asked_.q.dims[1], 1, 1}, fe::DataType_t::FLOAT);
      dsink->set_output(true);
      attributes.set_dsink_token(dsink);
    }
    const auto [dq, dk, dv] = graph_.sdpa_backward(q, k, v, o, d_o, stats, attributes);
    output(dq, "dq", asked_.dq, type_of(asked_.dtype));
    output(dk, "dk", asked_.dk, type_of(asked_.dtype));
    output(dv, "dv", asked_.dv, type_of(asked_.dtype));
  }

  const Graph& asked_;
  fe::graph::Graph& graph_;
  std::optional<Softcap> softcap_;
};

/// cuDNN's own words for a library that it could not load: no answer to the question.
bool could_not_be_asked(const std::string& message) {
  return message.find("RUNTIME_PREREQUISITE_MISSING") != std::string::npos ||
         message.find("SUBLIBRARY_LOADING_FAILED") != std::string::npos;
}

/// One line, the first that says something: of engines it goes on about each.
std::string first_words(const std::string& message) {
  const std::size_t reason = message.find("Reason: ");
  const std::size_t end = message.find('\n', reason == std::string::npos ? 0 : reason);
  std::string first = message.substr(0, message.find('\n'));
  if (reason == std::string::npos || reason < first.size()) return first;
  while (!first.empty() && (first.back() == ' ' || first.back() == '_')) first.pop_back();
  return first + ": " + message.substr(reason + 8, end - reason - 8);
}

Answer no(By by, fe::error_t error) {
  const std::string message = error.get_message();
  Answer answer;
  const bool unasked = could_not_be_asked(message);
  answer.said = unasked ? Said::unasked : Said::no;
  answer.by = unasked ? By::nobody : by;
  answer.why = first_words(message);
  return answer;
}

/// The kernel's name as it stands in a serialised plan; empty where it does not.
std::string kernel_in(const std::vector<std::uint8_t>& plan) {
  static constexpr std::string_view kBegin = "cudnn_generated_";
  const std::string_view text(reinterpret_cast<const char*>(plan.data()), plan.size());
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string_view::npos) return {};
  const std::size_t end =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", begin);
  return std::string(text.substr(begin, end - begin));
}

/// What cuDNN itself says of its last error, behind a colon; empty where it says nothing.
std::string last_words() {
  std::array<char, 1024> said{};
  fe::detail::get_last_error_string(said.data(), said.size() - 1);
  const std::string words = first_words(said.data());
  return words.empty() ? words : ": " + words;
}

class FrontendEngine final : public Engine {
 public:
  FrontendEngine(std::shared_ptr<const fe::DeviceProperties> properties, int sm)
      : properties_(std::move(properties)), sm_(sm) {}

  [[nodiscard]] int version() const override { return static_cast<int>(fe::detail::get_backend_version()); }

  [[nodiscard]] Answer ask(const Graph& asked, Level level, std::vector<std::uint8_t>* plan) override {
    fe::graph::Graph graph;
    Answer said = answer(asked, level, graph);
    if (said.said != Said::yes || level == Level::supported) return said;
    std::vector<std::uint8_t> bytes;
    if (auto serialised = graph.serialize(bytes); serialised.is_bad()) {
      said.why = "the plan was built and cannot be serialised: " + serialised.get_message();
      return said;
    }
    said.plan_bytes = static_cast<std::int64_t>(bytes.size());
    said.kernel = kernel_in(bytes);
    if (plan != nullptr) *plan = std::move(bytes);
    return said;
  }

  [[nodiscard]] Outcome<Plan> prepare(const std::string& key, const Graph& asked,
                                      const std::vector<std::uint8_t>& saved) override {
    if (const auto known = prepared_.find(key); known != prepared_.end()) return known->second.plan;
    Prepared made{std::make_unique<fe::graph::Graph>(), {}};
    if (!saved.empty()) {
      made.plan.refused = why_not_loaded(*made.graph, saved);
      made.plan.loaded = made.plan.refused.empty();
      if (!made.plan.loaded) made.graph = std::make_unique<fe::graph::Graph>();
    }
    if (!made.plan.loaded) {
      const Answer said = answer(asked, Level::built, *made.graph);
      if (said.said == Said::no) return unsupported(said.why);
      if (said.said == Said::unasked) return harness_error(said.why);
    }
    if (made.graph->get_plan_name(made.plan.engine).is_bad()) made.plan.engine.clear();
    if (auto size = made.graph->get_workspace_size(made.plan.workspace_bytes); size.is_bad())
      return harness_error("no size of its workspace: " + size.get_message());
    return prepared_.emplace(key, std::move(made)).first->second.plan;
  }

  [[nodiscard]] Outcome<void> execute(const std::string& key, const std::map<std::int64_t, void*>& tensors,
                                      void* workspace) override {
    const auto prepared = prepared_.find(key);
    if (prepared == prepared_.end()) return harness_error("a plan that was not prepared");
    try {
      // Not before it is needed: a handle wants a device, and asking does not.
      if (handle_ == nullptr)
        if (const cudnnStatus_t made = fe::detail::create_handle(&handle_); made != CUDNN_STATUS_SUCCESS)
          return harness_error(std::string("cudnnCreate: ") + fe::detail::get_error_string(made) +
                               last_words());
      std::unordered_map<std::int64_t, void*> pack(tensors.begin(), tensors.end());
      if (auto ran = prepared->second.graph->execute(handle_, pack, workspace); ran.is_bad())
        return harness_error(first_words(ran.get_message()));
      return {};
    } catch (const std::exception& failed) {
      return harness_error(failed.what());
    }
  }

 private:
  struct Prepared {
    std::unique_ptr<fe::graph::Graph> graph;
    Plan plan;
  };

  /// Empty where `graph` has the plan now.
  [[nodiscard]] std::string why_not_loaded(fe::graph::Graph& graph,
                                           const std::vector<std::uint8_t>& saved) const {
    try {
      graph.set_device_properties(properties_);
      auto loaded = graph.deserialize(saved);
      return loaded.is_bad() ? first_words(loaded.get_message()) : std::string();
    } catch (const std::exception& failed) {  // bytes that are no plan
      return failed.what();
    }
  }

  [[nodiscard]] Answer answer(const Graph& asked, Level level, fe::graph::Graph& graph) const {
    try {
      return steps(asked, level, graph);
    } catch (const std::exception& failed) {
      Answer unasked;
      unasked.why = failed.what();
      return unasked;
    }
  }

  [[nodiscard]] Answer steps(const Graph& asked, Level level, fe::graph::Graph& graph) const {
    graph.set_device_properties(properties_).set_sm_version(sm_);
    Builder(asked, graph).build();
    if (auto said = graph.validate(); said.is_bad()) return no(By::frontend, said);
    if (auto said = graph.build_operation_graph(); said.is_bad()) return no(By::operation, said);
    if (auto said = graph.create_execution_plans({fe::HeurMode_t::A}); said.is_bad())
      return no(By::engines, said);
    Answer answer;
    answer.engines = static_cast<int>(graph.get_execution_plan_count());
    if (answer.engines == 0) {
      answer.said = Said::no;
      answer.by = By::engines;
      answer.why = "its heuristics offer no engine";
      return answer;
    }
    if (auto said = graph.check_support(); said.is_bad()) {
      Answer refused = no(By::filters, said);
      refused.engines = answer.engines;
      return refused;
    }
    answer.said = Said::yes;
    answer.by = By::engines;
    if (graph.get_plan_name_at_index(0, answer.engine).is_bad()) answer.engine.clear();
    if (graph.get_workspace_size_plan_at_index(0, answer.workspace_bytes).is_bad())
      answer.workspace_bytes = -1;
    if (level == Level::supported) return answer;

    answer.by = By::build;
    if (auto said = graph.build_plans(); said.is_bad()) {
      Answer refused = no(By::build, said);
      refused.engines = answer.engines;
      return refused;
    }
    if (graph.get_plan_name(answer.engine).is_bad()) answer.engine.clear();
    if (graph.get_workspace_size(answer.workspace_bytes).is_bad()) answer.workspace_bytes = -1;
    return answer;
  }

  std::shared_ptr<const fe::DeviceProperties> properties_;
  int sm_;
  std::map<std::string, Prepared> prepared_;
  cudnnHandle_t handle_ = nullptr;  // never destroyed: the process ends without its libraries' exit handlers
};

std::string version_in_words(std::size_t version) {
  return std::to_string(version / 10000) + '.' + std::to_string(version / 100 % 100) + '.' +
         std::to_string(version % 100);
}

/// Loaded for good, its symbols there for whoever asks for the library by its name.
Outcome<void*> load(const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) return unsupported(dlerror());
  return handle;
}

}  // namespace

Outcome<std::unique_ptr<Engine>> Engine::open(const std::string& profile, int sm,
                                              const std::string& libcuda) {
  // By its path: who asks for libcuda.so.1 later is given this one.
  for (const std::string& needed : {libcuda, std::string("libcudart.so.13"), std::string("libnvrtc.so.13")})
    if (auto loaded = load(needed); !loaded) return tl::unexpected<Error>(std::move(loaded.error()));
  auto cudnn = load("libcudnn.so.9");
  if (!cudnn) return tl::unexpected<Error>(std::move(cudnn.error()));
  fe::cudnn_dlhandle = *cudnn;
  try {
    // What was compiled in of a newer one's graph, an older one has not.
    if (const std::size_t there = fe::detail::get_backend_version(); there < CUDNN_VERSION)
      return unsupported("cuDNN " + version_in_words(there) + " is older than " +
                         version_in_words(CUDNN_VERSION) + ", which flashdiff was built against");
    auto properties = std::make_shared<fe::DeviceProperties>();
    if (profile.empty()) {
      if (auto read = properties->set_device_id(0).build(); read.is_bad())
        return unsupported("cuDNN reads no properties off the device: " + read.get_message());
    } else if (auto read = properties->deserialize({profile.begin(), profile.end()}); read.is_bad()) {
      return unsupported("cuDNN takes no device profile: " + read.get_message());
    }
    return std::make_unique<FrontendEngine>(std::move(properties), sm);
  } catch (const std::exception& failed) {
    return unsupported(std::string("cuDNN cannot be used: ") + failed.what());
  }
}

}  // namespace flashdiff::cudnn
