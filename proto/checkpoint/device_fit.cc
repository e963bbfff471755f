#include "proto/checkpoint/device_fit.h"

namespace quire {

int BytesOfDtype(std::string_view dtype) { return dtype == "f32" ? 4 : 2; }

double NeededBytes(const Architecture& architecture, double parameters, std::string_view dtype) {
  const DecoderConfig& decoder = architecture.decoder;
  const double cache_elements = 2.0 * static_cast<double>(decoder.num_hidden_layers) *
                                static_cast<double>(decoder.hidden_size) *
                                static_cast<double>(decoder.max_position_embeddings);
  return (parameters + cache_elements) * BytesOfDtype(dtype);
}

}  // namespace quire
