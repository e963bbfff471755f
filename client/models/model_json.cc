#include <nlohmann/json.hpp>

#include "client/models/model_facts.h"

namespace quire::client {
namespace {

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json CountOrNull(int64_t count) { return count == 0 ? Json(nullptr) : Json(count); }

Json EntryToJson(const RegistryEntry& entry) {
  Json json = {{"key", entry.key},
               {"same_as", TextOrNull(entry.same_as)},
               {"about", entry.about},
               {"repository", TextOrNull(entry.repository)},
               {"revision", TextOrNull(entry.revision)},
               {"family", entry.family},
               {"backend", entry.backend},
               {"layout", entry.layout},
               {"default_mode", entry.default_mode},
               {"dtype", entry.dtype},
               {"attention", TextOrNull(entry.attention)},
               {"token_caps", entry.token_caps},
               {"ngram_ban", nullptr},
               {"tensors", CountOrNull(entry.tensors)},
               {"parameters", CountOrNull(entry.parameters)},
               {"weight_bytes", CountOrNull(entry.weight_bytes)}};
  if (entry.ngram_ban.empty()) return json;
  json["ngram_ban"] = Json::object();
  for (const auto& [kind, rule] : entry.ngram_ban) {
    json["ngram_ban"][kind] = {{"size", rule.size}, {"window", rule.window}};
  }
  json["ngram_ban"]["exempt_ids"] = entry.ngram_exempt_ids;
  return json;
}

Json ConfigToJson(const Architecture& config) {
  const bool v1 = config.family == ModelFamily::kV1;
  Json json = {{"family", v1 ? "v1" : "v2"},
               {"sam", {{"layers", config.sam.layers}, {"width", config.sam.width}}}};
  if (v1) {
    json["clip"] = {{"layers", config.clip.layers}, {"width", config.clip.width}};
  } else {
    json["query_encoder"] = {{"layers", config.query_encoder.layers},
                             {"width", config.query_encoder.dim}};
  }
  json["decoder"] = {{"layers", config.decoder.num_hidden_layers},
                     {"width", config.decoder.hidden_size},
                     {"experts", config.decoder.n_routed_experts},
                     {"experts_per_token", config.decoder.num_experts_per_tok},
                     {"vocabulary", config.decoder.vocab_size},
                     {"context", config.decoder.max_position_embeddings}};
  return json;
}

}  // namespace

Json ModelToJson(const ModelFacts& model) {
  Json fits = Json::array();
  for (const DeviceFit& fit : model.fits) {
    fits.push_back({{"device", fit.device.name},
                    {"dtype", fit.dtype},
                    {"needed_bytes", static_cast<int64_t>(fit.needed_bytes)},
                    {"total_bytes", fit.device.total_bytes},
                    {"fits", fit.fits()}});
  }
  return {{"name", model.name},
          {"registry", model.entry ? EntryToJson(*model.entry) : Json(nullptr)},
          {"folder", TextOrNull(model.folder)},
          {"place", TextOrNull(model.place)},
          {"bytes_on_disk", model.folder.empty() ? Json(nullptr) : Json(model.bytes_on_disk)},
          {"parameters", CountOrNull(static_cast<int64_t>(model.parameters))},
          {"config", model.architecture ? ConfigToJson(*model.architecture) : Json(nullptr)},
          {"config_fault", TextOrNull(model.config_fault)},
          {"devices", fits}};
}

}  // namespace quire::client
