#include "proto/checkpoint/device_fit.h"

namespace quire {
namespace {

constexpr double kBytesOfCode = 1 + 2 * 4.0 / 64;  // with scale and offset, f32, of a group of 64

}  // namespace

int BytesOfDtype(std::string_view dtype) { return dtype == "f32" ? 4 : 2; }

ModelSize SizeOf(const Architecture& architecture, double parameters) {
  const DecoderConfig& decoder = architecture.decoder;
  return {.parameters = parameters,
          .cache_elements = 2.0 * static_cast<double>(decoder.num_hidden_layers) *
                            static_cast<double>(decoder.hidden_size) *
                            static_cast<double>(decoder.max_position_embeddings)};
}

ModelSize SizeOf(const RegistryEntry& entry) {
  return {.parameters = static_cast<double>(entry.parameters),
          .coded_parameters = static_cast<double>(entry.coded_parameters),
          .cache_elements = static_cast<double>(entry.cache_elements)};
}

double NeededBytes(const ModelSize& size, std::string_view dtype, std::string_view kind) {
  const double bytes = BytesOfDtype(dtype);
  const bool f32_on_cpu = kind == "cpu" && dtype == "f32";
  const double weights = (size.parameters - size.coded_parameters) * bytes +
                         size.coded_parameters * (f32_on_cpu ? kBytesOfCode : bytes);
  return weights + size.cache_elements * (f32_on_cpu ? 2 : bytes);
}

std::vector<std::string> KeysThatFit(double bytes, const std::string& kind) {
  std::vector<std::string> keys;
  for (const RegistryEntry& entry : ReadRegistry()) {
    if (!entry.same_as.empty() || entry.parameters == 0) continue;
    if (NeededBytes(SizeOf(entry), entry.dtype.at(kind), kind) <= bytes) keys.push_back(entry.key);
  }
  return keys;
}

}  // namespace quire
