// Headers of safetensors, config.json and tokenizer.json, as a stranger's checkpoint brings them:
// whatever the bytes are, they are read or refused, in memory that follows from their number.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/check.h"
#include "proto/checkpoint/check_tensors.h"
#include "proto/checkpoint/safetensors.h"
#include "proto/checkpoint/tensor_list.h"
#include "proto/checkpoint/tokenizer_file.h"
#include "worker/model/config.h"

namespace quire {
namespace {

// The largest number in a text: for a header, where its data is to end.
uint64_t LargestNumber(std::string_view text) {
  uint64_t largest = 0, number = 0;
  for (const char c : text) {
    number = c >= '0' && c <= '9' ? number * 10 + static_cast<uint64_t>(c - '0') : 0;
    if (number < uint64_t{1} << 62) largest = std::max(largest, number);
  }
  return largest;
}

// What the loader may rely on.
void CheckPromises(const SafetensorsHeader& header, uint64_t file_bytes) {
  uint64_t reached = 8 + header.text.size();
  for (const StoredTensor& tensor : header.tensors) {
    QUIRE_CHECK(tensor.begin == reached && tensor.begin <= tensor.end);
    QUIRE_CHECK(tensor.shape.size() <= 8 && !tensor.name.empty());
    reached = tensor.end;
  }
  QUIRE_CHECK(reached == file_bytes);
}

void ReadHeader(std::string_view json, uint64_t file_bytes, const Architecture& config) {
  const auto header = ParseSafetensorsHeader(json, file_bytes, "x.safetensors");
  if (!header.ok()) return;
  CheckPromises(*header, file_bytes);
  const TensorReport report = CheckTensors(config, {.paths = {"x.safetensors"}}, {*header});
  QUIRE_CHECK(report.tensors == static_cast<int64_t>(header->tensors.size()));
  QUIRE_CHECK(report.faults.size() <= kMostFaults);
}

}  // namespace
}  // namespace quire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Architecture kTiny = [] {
    Architecture tiny;
    tiny.sam.layers = tiny.clip.layers = tiny.decoder.num_hidden_layers = 1;
    tiny.decoder.first_k_dense_replace = 0;
    tiny.decoder.n_routed_experts = 2;
    return tiny;
  }();
  const auto header_bytes = SafetensorsHeaderBytes(text.substr(0, 8), size, "x.safetensors");
  if (header_bytes.ok()) ReadHeader(text.substr(8, *header_bytes), size, kTiny);
  ReadHeader(text, 8 + size + LargestNumber(text), kTiny);
  const auto config = worker::ParseModelConfig(text, "config.json");
  if (config.ok()) {
    const auto tensors = ListTensors(*config);
    QUIRE_CHECK(!tensors.empty() && CountParameters(*config) > 0);
  }
  (void)CheckTokenizer(text, "tokenizer.json", 3, 16);
  return 0;
}
