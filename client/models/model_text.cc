#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/models/model_facts.h"
#include "client/page_format.h"

namespace quire::client {
namespace {

std::string SizeOf(const ModelFacts& model) {
  const int64_t known = model.entry ? model.entry->weight_bytes : 0;
  const int64_t bytes = model.folder.empty() ? known : model.bytes_on_disk;
  return bytes > 0 ? FormatBytes(static_cast<double>(bytes)) : "?";
}

std::string FitsOf(const ModelFacts& model) {
  std::vector<std::string> words;
  for (const DeviceFit& fit : model.fits) {
    words.push_back(absl::StrCat(fit.device.name, fit.fits() ? " yes" : " no"));
  }
  return words.empty() ? "?" : absl::StrJoin(words, ", ");
}

std::string PlaceOf(const ModelFacts& model) {
  if (!model.folder.empty()) return absl::StrCat(Printable(model.folder), " (", model.place, ")");
  return model.entry && model.entry->repository.empty()
             ? "not here"
             : absl::StrCat("not here: quire models pull ", Printable(model.name));
}

void Line(std::string& text, const char* what, const std::string& value) {
  absl::StrAppendFormat(&text, "  %-15s %s\n", what, value);
}

template <typename Value>
std::string ByDevice(const std::map<std::string, Value>& values) {
  return absl::StrJoin(values, ", ", [](std::string* out, const auto& item) {
    absl::StrAppend(out, item.first, " ", item.second);
  });
}

void AddRegistryLines(std::string& text, const RegistryEntry& entry) {
  if (!entry.same_as.empty()) Line(text, "same as", entry.same_as);
  Line(text, "what", entry.about);
  if (!entry.repository.empty()) {
    Line(text, "repository", absl::StrCat(entry.repository, ", revision ", entry.revision));
  }
  Line(text, "family",
       absl::StrCat(entry.family, ", layout ", entry.layout, ", backend ", entry.backend));
  Line(text, "default mode", entry.default_mode);
  Line(text, "dtype", ByDevice(entry.dtype));
  if (!entry.attention.empty()) Line(text, "attention", entry.attention);
  Line(text, "token cap", ByDevice(entry.token_caps));
  if (entry.ngram_ban.empty()) {
    Line(text, "n-gram ban", "none");
  } else {
    std::vector<std::string> rules;
    for (const auto& [kind, rule] : entry.ngram_ban) {
      rules.push_back(absl::StrCat(kind, " size ", rule.size, " window ", rule.window));
    }
    Line(text, "n-gram ban",
         absl::StrCat(absl::StrJoin(rules, ", "), ", never ids ",
                      absl::StrJoin(entry.ngram_exempt_ids, " ")));
  }
}

void AddConfigLines(std::string& text, const Architecture& config) {
  const DecoderConfig& decoder = config.decoder;
  Line(text, "config.json",
       absl::StrCat(config.family == ModelFamily::kV1 ? "v1" : "v2", ": SAM ", config.sam.layers,
                    " x ", config.sam.width, ", ",
                    config.family == ModelFamily::kV1
                        ? absl::StrCat("CLIP ", config.clip.layers, " x ", config.clip.width)
                        : absl::StrCat("query encoder ", config.query_encoder.layers, " x ",
                                       config.query_encoder.dim),
                    ", decoder ", decoder.num_hidden_layers, " x ", decoder.hidden_size));
  Line(text, "",
       absl::StrCat(decoder.n_routed_experts, " experts, ", decoder.num_experts_per_tok,
                    " a token, vocabulary ", decoder.vocab_size, ", context ",
                    decoder.max_position_embeddings));
}

}  // namespace

std::string FormatBytes(double bytes) {
  static constexpr std::array<const char*, 4> kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return absl::StrFormat("%.0f B", bytes);
  size_t unit = 0;
  for (bytes /= 1000; bytes >= 999.5 && unit + 1 < kUnits.size(); bytes /= 1000) ++unit;
  return absl::StrFormat(bytes < 9.995   ? "%.2f %s"
                         : bytes < 99.95 ? "%.1f %s"
                                         : "%.0f %s",
                         bytes, kUnits[unit]);
}

std::string FormatModelTable(const std::vector<ModelFacts>& models) {
  std::vector<std::array<std::string, 4>> rows = {{"KEY", "SIZE", "FITS", "WHERE"}};
  for (const ModelFacts& model : models) {
    rows.push_back({Printable(model.name), SizeOf(model), FitsOf(model), PlaceOf(model)});
  }
  std::array<int, 3> widths = {};
  for (const auto& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], static_cast<int>(row[i].size()));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    absl::StrAppendFormat(&text, "%-*s  %-*s  %-*s  %s\n", widths[0], row[0], widths[1], row[1],
                          widths[2], row[2], row[3]);
  }
  return text;
}

std::string FormatModelFacts(const ModelFacts& model) {
  std::string text = Printable(model.name) + "\n";
  if (model.entry) AddRegistryLines(text, *model.entry);
  Line(text, "size", SizeOf(model));
  if (model.parameters > 0) Line(text, "parameters", absl::StrFormat("%.0f", model.parameters));
  Line(text, "where", PlaceOf(model));
  if (model.architecture) AddConfigLines(text, *model.architecture);
  if (!model.config_fault.empty()) Line(text, "config.json", Printable(model.config_fault));
  for (const DeviceFit& fit : model.fits) {
    Line(text, fit.device.name.c_str(),
         absl::StrCat(fit.fits() ? "fits" : "does not fit", ": needs at least ",
                      FormatBytes(fit.needed_bytes), " in ", fit.dtype, ", there is ",
                      FormatBytes(static_cast<double>(fit.device.total_bytes))));
  }
  return text;
}

}  // namespace quire::client
