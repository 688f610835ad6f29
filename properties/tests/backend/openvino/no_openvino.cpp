/// A library that loads and has none of OpenVINO's functions.
extern "C" int flashdiff_no_openvino() { return 0; }
