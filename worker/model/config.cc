#include "worker/model/config.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/status.h"

namespace quire::worker {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxConfigBytes = 1 << 20;
constexpr int kMaxDepth = 64;
constexpr int64_t kMaxSize = 1 << 24;  // of any width, count or length

// Reads values of one JSON object; the first fault is kept.
class Reader {
 public:
  Reader(const Json& object, std::string path, absl::Status& fault)
      : object_(object), path_(std::move(path)), fault_(fault) {}

  bool Has(const char* key) const { return object_.is_object() && object_.contains(key); }

  Reader Inner(const char* key) const {
    static const Json kEmpty = Json::object();
    if (!Has(key)) return Reader(kEmpty, path_ + "." + key, fault_);
    if (!object_[key].is_object()) Fault(key, "an object");
    return Reader(object_[key].is_object() ? object_[key] : kEmpty, Name(key), fault_);
  }

  void Whole(const char* key, int64_t& value, int64_t least = 1) const {
    if (!Has(key) || object_[key].is_null()) return;
    if (!object_[key].is_number_integer() || object_[key].get<int64_t>() < least ||
        object_[key].get<int64_t>() > kMaxSize) {
      return Fault(key, absl::StrCat("a whole number from ", least, " to ", kMaxSize));
    }
    value = object_[key].get<int64_t>();
  }
  void Whole(const char* key, int& value, int64_t least = 1) const {
    int64_t wide = value;
    Whole(key, wide, least);
    value = static_cast<int>(wide);
  }
  void Number(const char* key, double& value) const {
    if (!Has(key) || object_[key].is_null()) return;
    if (!object_[key].is_number() || !(object_[key].get<double>() > 0)) {
      return Fault(key, "a number above 0");
    }
    value = object_[key].get<double>();
  }
  void Truth(const char* key, bool& value) const {
    if (!Has(key) || object_[key].is_null()) return;
    if (!object_[key].is_boolean()) return Fault(key, "true or false");
    value = object_[key].get<bool>();
  }
  void Text(const char* key, std::string& value) const {
    if (!Has(key)) return;
    if (!object_[key].is_string()) return Fault(key, "a string");
    value = object_[key].get<std::string>();
  }
  void Texts(const char* key, std::vector<std::string>& values) const {
    for (const Json& item : List(key)) {
      if (!item.is_string()) return Fault(key, "a list of strings");
      values.push_back(item.get<std::string>());
    }
  }
  template <typename Integer>
  void Wholes(const char* key, std::vector<Integer>& values) const {
    if (!Has(key)) return;
    values.clear();
    for (const Json& item : List(key)) {
      if (!item.is_number_unsigned() || item.get<uint64_t>() > kMaxSize) {
        return Fault(key, "a list of whole numbers");
      }
      values.push_back(item.get<Integer>());
    }
  }
  void Prompts(const char* key, PromptTable& prompts) const {
    if (!Has(key) || !object_[key].is_object()) return;
    prompts.clear();
    for (const auto& [task, prompt] : object_[key].items()) {
      if (!prompt.is_string()) return Fault(key, "an object of strings");
      prompts[task] = prompt.get<std::string>();
    }
  }

 private:
  std::string Name(const char* key) const { return path_.empty() ? key : path_ + "." + key; }
  const Json& List(const char* key) const {
    static const Json kEmpty = Json::array();
    if (!Has(key)) return kEmpty;
    if (object_[key].is_array() && object_[key].size() <= 4096) return object_[key];
    Fault(key, "a list");
    return kEmpty;
  }
  void Fault(const char* key, const std::string& expected) const {
    if (!fault_.ok()) return;
    std::string found = object_[key].dump(-1, ' ', true, Json::error_handler_t::replace);
    if (found.size() > 80) found = found.substr(0, 77) + "...";
    fault_ = absl::InvalidArgumentError(
        absl::StrCat("key ", Name(key), " is ", found, "; expected ", expected));
  }

  const Json& object_;
  std::string path_;
  absl::Status& fault_;
};

void ReadSam(const Reader& sam, SamConfig& config) {
  sam.Whole("width", config.width);
  sam.Whole("layers", config.layers);
  sam.Whole("heads", config.heads);
  sam.Whole("window_size", config.window_size);
  sam.Whole("out_chans", config.out_chans);
  sam.Whole("patch_size", config.patch_size);
  sam.Whole("image_size", config.image_size);
  sam.Number("mlp_ratio", config.mlp_ratio);
  sam.Wholes("global_attn_indexes", config.global_attn_indexes);
  sam.Wholes("downsample_channels", config.downsample_channels);
}

void ReadQueryEncoder(const Reader& qwen, QueryEncoderConfig& config) {
  qwen.Whole("dim", config.dim);
  qwen.Whole("layers", config.layers);
  qwen.Whole("heads", config.heads);
  qwen.Whole("kv_heads", config.kv_heads);
  qwen.Whole("intermediate_size", config.intermediate_size);
  qwen.Number("rms_norm_eps", config.rms_norm_eps);
  qwen.Number("rope_theta", config.rope_theta);
}

void ReadDecoder(const Reader& language, DecoderConfig& config) {
  language.Whole("hidden_size", config.hidden_size);
  language.Whole("num_hidden_layers", config.num_hidden_layers);
  language.Whole("num_attention_heads", config.num_attention_heads);
  config.num_key_value_heads = config.num_attention_heads;
  language.Whole("num_key_value_heads", config.num_key_value_heads);
  language.Whole("intermediate_size", config.intermediate_size);
  language.Whole("moe_intermediate_size", config.moe_intermediate_size);
  language.Whole("n_routed_experts", config.n_routed_experts);
  language.Whole("n_shared_experts", config.n_shared_experts);
  language.Whole("num_experts_per_tok", config.num_experts_per_tok);
  language.Whole("first_k_dense_replace", config.first_k_dense_replace, 0);
  language.Whole("vocab_size", config.vocab_size);
  language.Whole("max_position_embeddings", config.max_position_embeddings);
  language.Number("rms_norm_eps", config.rms_norm_eps);
  language.Number("rope_theta", config.rope_theta);
  language.Number("routed_scaling_factor", config.routed_scaling_factor);
  language.Truth("norm_topk_prob", config.norm_topk_prob);
  language.Truth("tie_word_embeddings", config.tie_word_embeddings);
  language.Whole("bos_token_id", config.bos_token_id, 0);
  language.Whole("eos_token_id", config.eos_token_id, 0);
}

// What differs between the families, whoever made the checkpoint.
void ApplyFamily(ModelConfig& config) {
  if (config.family == ModelFamily::kV1) return;
  // The official file of v2 repeats v1's number here.
  config.sam.downsample_channels[1] = config.query_encoder.dim;
  config.reading.mosaic = false;
}

// What the official scripts do, for a folder without a "quire" block.
ReadingConfig OfficialReading(ModelFamily family) {
  ReadingConfig reading;
  reading.name = "deepseek-ocr";
  reading.ngram_size = 20;
  reading.ngram_window = 50;
  reading.ngram_exempt_ids = {128821, 128822};  // <td>, </td>
  reading.modes = {Mode::kTiny,  Mode::kSmall,  Mode::kBase,
                   Mode::kLarge, Mode::kGundam, Mode::kAuto};
  // Source: DeepSeek-OCR README.md, "Prompts examples".
  reading.prompts = {{"MARKDOWN", "<image>\n<|grounding|>Convert the document to markdown."},
                     {"FREE_TEXT", "<image>\nFree OCR."},
                     {"FIGURE", "<image>\nParse the figure."},
                     {"DESCRIBE", "<image>\nDescribe this image in detail."},
                     {"LOCATE", "<image>\nLocate <|ref|>%s<|/ref|> in the image."},
                     {"CUSTOM", "<image>\n%s"}};
  if (family == ModelFamily::kV1) return reading;
  // Source: DeepSeek-OCR-2 run_dpsk_ocr2.py and image_process.py.
  reading.name = "deepseek-ocr-2";
  reading.image_size = reading.single_view_max_side = reading.largest_stretched = 768;
  reading.max_crops = 6;
  reading.modes = {Mode::kBase, Mode::kGundam, Mode::kAuto};
  return reading;
}

absl::Status ReadReading(const Reader& quire, ReadingConfig& reading) {
  reading = {};
  reading.modes = {Mode::kBase, Mode::kGundam, Mode::kAuto};
  quire.Text("name", reading.name);
  quire.Texts("languages", reading.languages);
  quire.Whole("base_size", reading.base_size);
  quire.Whole("image_size", reading.image_size);
  std::string fit = "stretch";
  quire.Text("fit", fit);
  if (fit != "pad" && fit != "stretch") {
    return absl::InvalidArgumentError(
        absl::StrCat("key quire.fit is \"", fit, "\"; expected \"pad\" or \"stretch\""));
  }
  reading.pad_single_views = fit == "pad";
  quire.Whole("min_crops", reading.min_crops);
  quire.Whole("max_crops", reading.max_crops);
  const Reader automatic = quire.Inner("auto");
  reading.single_view_max_side = reading.image_size;
  automatic.Whole("single_view_max_side", reading.single_view_max_side);
  automatic.Whole("dense_min_crops", reading.dense_min_crops, 0);
  quire.Whole("render_long_side", reading.render_long_side_px, 0);
  quire.Number("render_dpi", reading.render_dpi);
  quire.Prompts("prompts", reading.prompts);
  const Reader ban = quire.Inner("ngram_ban");
  ban.Whole("size", reading.ngram_size, 0);
  ban.Whole("window", reading.ngram_window, 0);
  ban.Wholes("exempt_ids", reading.ngram_exempt_ids);
  return absl::OkStatus();
}

template <typename... Parts>
absl::Status Impossible(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

absl::Status CheckQueryEncoder(const ModelConfig& config) {
  const QueryEncoderConfig& encoder = config.query_encoder;
  if (encoder.dim % (2 * encoder.heads) != 0) {
    return Impossible("the query encoder's width ", encoder.dim, " is not an even multiple of its ",
                      encoder.heads, " heads");
  }
  if (encoder.heads % encoder.kv_heads != 0) {
    return Impossible("the query encoder has ", encoder.heads, " heads and ", encoder.kv_heads,
                      " for keys and values, which does not divide them");
  }
  if (config.projector_input_dim != encoder.dim) {
    return Impossible("projector_config.input_dim is ", config.projector_input_dim, "; expected ",
                      encoder.dim, " (the query encoder's width)");
  }
  return absl::OkStatus();
}

absl::Status CheckVision(const ModelConfig& config) {
  const SamConfig& sam = config.sam;
  if (sam.width % sam.heads != 0) {
    return Impossible("SAM's width ", sam.width, " is not a multiple of its ", sam.heads, " heads");
  }
  if (sam.downsample_channels.size() != 2) {
    return Impossible("downsample_channels has ", sam.downsample_channels.size(),
                      " entries; expected 2");
  }
  if (sam.image_size % (sam.patch_size * 4) != 0) {
    return Impossible("SAM's image size ", sam.image_size, " is no multiple of ",
                      sam.patch_size * 4);
  }
  if (config.family == ModelFamily::kV2) return CheckQueryEncoder(config);
  if (config.clip.width % config.clip.heads != 0) {
    return Impossible("CLIP's width ", config.clip.width, " is not a multiple of its ",
                      config.clip.heads, " heads");
  }
  if (sam.downsample_channels[1] != config.clip.width) {
    return Impossible("SAM gives ", sam.downsample_channels[1], " channels and CLIP takes ",
                      config.clip.width);
  }
  if (config.projector_input_dim != 2 * config.clip.width) {
    return Impossible("projector_config.input_dim is ", config.projector_input_dim, "; expected ",
                      2 * config.clip.width, " (SAM's and CLIP's channels)");
  }
  return absl::OkStatus();
}

absl::Status CheckDecoder(const ModelConfig& config) {
  const DecoderConfig& decoder = config.decoder;
  if (config.projector_n_embed != decoder.hidden_size) {
    return Impossible("projector_config.n_embed is ", config.projector_n_embed,
                      " and hidden_size is ", decoder.hidden_size);
  }
  if (decoder.hidden_size % (2 * decoder.num_attention_heads) != 0) {
    return Impossible("hidden_size ", decoder.hidden_size, " is not an even multiple of its ",
                      decoder.num_attention_heads, " heads");
  }
  if (decoder.num_key_value_heads != decoder.num_attention_heads) {
    return Impossible("num_key_value_heads is ", decoder.num_key_value_heads, "; expected ",
                      decoder.num_attention_heads, ", as many as there are heads");
  }
  if (decoder.num_experts_per_tok > decoder.n_routed_experts) {
    return Impossible("num_experts_per_tok is ", decoder.num_experts_per_tok, " of ",
                      decoder.n_routed_experts, " experts");
  }
  if (config.image_token_id >= decoder.vocab_size) {
    return Impossible("image_token_id is ", config.image_token_id, " and the vocabulary has ",
                      decoder.vocab_size, " tokens");
  }
  return absl::OkStatus();
}

absl::Status CheckReading(const ReadingConfig& reading) {
  for (const int side : {reading.base_size, reading.image_size}) {
    if (side % 64 != 0 || side > 4096) {
      return Impossible("a view has ", side, " px; expected a multiple of 64 up to 4096");
    }
  }
  if (reading.min_crops > reading.max_crops || reading.max_crops > 64) {
    return Impossible("min_crops is ", reading.min_crops, " and max_crops ", reading.max_crops,
                      "; expected at most 64 and in this order");
  }
  return absl::OkStatus();
}


// Whether brackets nest deeper than allowed; asked before parsing, which would follow them.
bool TooDeep(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kMaxDepth) return true;
  }
  return false;
}

absl::StatusOr<ModelConfig> Parse(std::string_view text) {
  if (text.size() > kMaxConfigBytes) {
    return Impossible("it has ", text.size(), " bytes; the limit is ", kMaxConfigBytes);
  }
  if (TooDeep(text)) return Impossible("it is nested deeper than ", kMaxDepth, " levels");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Impossible("it is no JSON object");
  ModelConfig config;
  absl::Status fault;
  const Reader root(json, "", fault);
  std::vector<std::string> architectures;
  root.Texts("architectures", architectures);
  const bool v2 = architectures == std::vector<std::string>{"DeepseekOCR2ForCausalLM"};
  if (!v2 && architectures != std::vector<std::string>{"DeepseekOCRForCausalLM"}) {
    return Impossible("architectures is [", absl::StrJoin(architectures, ", "),
                      "]; expected [DeepseekOCRForCausalLM] or [DeepseekOCR2ForCausalLM]");
  }
  config.family = v2 ? ModelFamily::kV2 : ModelFamily::kV1;
  if (v2) config.projector_input_dim = config.query_encoder.dim;
  const Reader width = root.Inner("vision_config").Inner("width");
  ReadSam(width.Inner("sam_vit_b"), config.sam);
  const Reader clip = width.Inner("clip-l-14-224");
  clip.Whole("width", config.clip.width);
  clip.Whole("layers", config.clip.layers);
  clip.Whole("heads", config.clip.heads);
  clip.Number("mlp_ratio", config.clip.mlp_ratio);
  ReadQueryEncoder(width.Inner("qwen2-0-5b"), config.query_encoder);
  ReadDecoder(root.Inner("language_config"), config.decoder);
  const Reader projector = root.Inner("projector_config");
  projector.Whole("input_dim", config.projector_input_dim);
  projector.Whole("n_embed", config.projector_n_embed);
  const Reader quantization = root.Inner("quantization");
  quantization.Whole("group_size", config.quantization.group_size);
  quantization.Whole("bits", config.quantization.bits);
  root.Whole("image_token_id", config.image_token_id, 0);
  root.Whole("pad_token_id", config.pad_token_id, 0);
  config.reading = OfficialReading(config.family);
  if (root.Has("quire")) QUIRE_RETURN_IF_ERROR(ReadReading(root.Inner("quire"), config.reading));
  QUIRE_RETURN_IF_ERROR(fault);
  if (config.sam.downsample_channels.size() == 2) ApplyFamily(config);
  QUIRE_RETURN_IF_ERROR(CheckVision(config));
  QUIRE_RETURN_IF_ERROR(CheckDecoder(config));
  QUIRE_RETURN_IF_ERROR(CheckReading(config.reading));
  return config;
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json, const std::string& name) {
  absl::StatusOr<ModelConfig> config = Parse(json);
  if (config.ok()) return config;
  return absl::Status(config.status().code(), absl::StrCat(name, ": ", config.status().message()));
}

absl::StatusOr<ModelConfig> LoadModelConfig(const std::string& folder) {
  const std::string path = folder + "/config.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, " cannot be opened"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return ParseModelConfig(text, path);
}

}  // namespace quire::worker
