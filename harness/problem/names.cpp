#include "harness/problem/names.h"

namespace flashdiff {

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
  }
  return "?";
}

const char* name_of(MaskKind kind) {
  switch (kind) {
    case MaskKind::none: return "none";
    case MaskKind::causal_top_left: return "causal_tl";
    case MaskKind::causal_bottom_right: return "causal_br";
    case MaskKind::window: return "window";
  }
  return "?";
}

const char* name_of(DataFamily family) {
  switch (family) {
    case DataFamily::normal: return "normal";
    case DataFamily::uniform: return "uniform";
    case DataFamily::equal: return "equal";
    case DataFamily::huge: return "huge";
    case DataFamily::tiny: return "tiny";
    case DataFamily::very_negative: return "very_negative";
    case DataFamily::rising: return "rising";
    case DataFamily::falling: return "falling";
    case DataFamily::one_hot: return "one_hot";
    case DataFamily::alternating: return "alternating";
    case DataFamily::file: return "file";
  }
  return "?";
}

const char* name_of(Pass pass) {
  switch (pass) {
    case Pass::forward: return "forward";
    case Pass::backward: return "backward";
    case Pass::append: return "append";
  }
  return "?";
}

const char* name_of(RopeForm form) {
  switch (form) {
    case RopeForm::half: return "half";
    case RopeForm::interleaved: return "interleaved";
  }
  return "?";
}

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::prefill: return "prefill";
    case Phase::chunked: return "chunked";
    case Phase::decode: return "decode";
    case Phase::cross: return "cross";
    case Phase::mixed: return "mixed";
  }
  return "?";
}

const char* name_of(Padding padding) {
  switch (padding) {
    case Padding::left: return "left";
    case Padding::right: return "right";
    case Padding::both: return "both";
    case Padding::packed: return "packed";
  }
  return "?";
}

const char* name_of(Order order) {
  switch (order) {
    case Order::bshd: return "bshd";
    case Order::bhsd: return "bhsd";
  }
  return "?";
}

const char* name_of(Poison poison) {
  switch (poison) {
    case Poison::nan: return "nan";
    case Poison::inf: return "inf";
    case Poison::huge: return "huge";
    case Poison::dirty: return "dirty";
  }
  return "?";
}

const char* name_of(After after) {
  switch (after) {
    case After::nothing: return "nothing";
    case After::itself: return "itself";
    case After::another: return "another";
  }
  return "?";
}

const char* name_of(TensorRole role) {
  switch (role) {
    case TensorRole::q: return "Q";
    case TensorRole::k: return "K";
    case TensorRole::v: return "V";
    case TensorRole::o: return "O";
    case TensorRole::lse: return "LSE";
    case TensorRole::d_o: return "dO";
    case TensorRole::dq: return "dQ";
    case TensorRole::dk: return "dK";
    case TensorRole::dv: return "dV";
    case TensorRole::k_new: return "new K";
    case TensorRole::v_new: return "new V";
    case TensorRole::q_rot: return "turned Q";
    case TensorRole::rope: return "cos and sin";
  }
  return "?";
}

}  // namespace flashdiff
