#include "worker/model/ocr_model.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <openssl/evp.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "worker/model/clip_encoder.h"
#include "worker/model/decoder.h"
#include "worker/model/kv_cache.h"
#include "worker/model/memory_check.h"
#include "worker/model/page_tokens.h"
#include "worker/model/parallel.h"
#include "worker/model/query_encoder.h"
#include "worker/model/sam_encoder.h"
#include "worker/model/weights.h"

namespace quire::worker {
namespace {

std::string Sha256(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), length));
}

at::ScalarType TypeOf(const std::string& dtype) {
  if (dtype == "bf16") return at::kBFloat16;
  return dtype == "f16" ? at::kHalf : at::kFloat;
}

}  // namespace

struct OcrModel::Impl {
  ModelConfig config;
  ModelPlacement placement;
  std::string fingerprint;
  at::TensorOptions options, cache_options;
  SamEncoder sam_model;
  ClipEncoder vision_model;   // v1
  QueryEncoder qwen2_model;   // v2
  Linear projector;
  PageTokens page_tokens;
  Decoder decoder;

  absl::Status Load(Weights& weights) {
    const WeightScope model = WeightScope(weights) / "model";
    const int64_t hidden = config.decoder.hidden_size;
    QUIRE_ASSIGN_OR_RETURN(sam_model, SamEncoder::Load(model / "sam_model", config.sam));
    if (config.family == ModelFamily::kV1) {
      QUIRE_ASSIGN_OR_RETURN(vision_model,
                             ClipEncoder::Load(model / "vision_model", config.clip));
      QUIRE_ASSIGN_OR_RETURN(page_tokens.image_newline, model.Take("image_newline", {hidden}));
    } else {
      QUIRE_ASSIGN_OR_RETURN(qwen2_model,
                             QueryEncoder::Load(model / "qwen2_model", config.query_encoder));
      QUIRE_RETURN_IF_ERROR(CheckQueries());
    }
    QUIRE_ASSIGN_OR_RETURN(projector, Linear::Load(model / "projector" / "layers",
                                                   config.projector_input_dim, hidden));
    QUIRE_ASSIGN_OR_RETURN(page_tokens.view_seperator, model.Take("view_seperator", {hidden}));
    QUIRE_ASSIGN_OR_RETURN(decoder, Decoder::Load(weights, config.decoder));
    return weights.CheckAllTaken();
  }

  // As EncodeViews.
  std::optional<at::Tensor> Encode(const at::Tensor& views, const std::atomic<bool>& stop) const {
    const std::optional<at::Tensor> sam = sam_model(views.to(options), stop);
    if (!sam) return std::nullopt;
    const at::Tensor patches = sam->flatten(2).transpose(1, 2);      // [views, patches, channels]
    if (config.family == ModelFamily::kV2) {
      const std::optional<at::Tensor> queries = qwen2_model(patches, stop);
      if (!queries) return std::nullopt;
      return projector(*queries);                                    // [views, patches, hidden]
    }
    const std::optional<at::Tensor> clip = vision_model(patches, stop);
    if (!clip) return std::nullopt;
    return projector(at::cat({*clip, patches}, -1));                 // [views, patches, hidden]
  }

  // Of one page at the whole context.
  int64_t CacheBytes() const {
    return 2 * config.decoder.num_hidden_layers * config.decoder.hidden_size *
           config.decoder.max_position_embeddings *
           static_cast<int64_t>(cache_options.dtype().itemsize());
  }

  // Every view that the model is given needs a table with as many queries as it has patches.
  absl::Status CheckQueries() const {
    for (const int side : {config.reading.image_size, config.reading.base_size}) {
      const int64_t patches = int64_t{side / 64} * (side / 64);
      if (qwen2_model.Serves(patches)) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "a view of ", side, " px has ", patches, " patches; model.qwen2_model has queries for ",
          qwen2_model.query_768.size(0), " and ", qwen2_model.query_1024.size(0)));
    }
    return absl::OkStatus();
  }
};

OcrModel::OcrModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OcrModel::~OcrModel() = default;

absl::StatusOr<std::unique_ptr<OcrModel>> OcrModel::Load(const std::string& folder,
                                                         const ModelPlacement& placement) {
  if (placement.eight_bit == "keep" && placement.device == "mps") {
    return absl::InvalidArgumentError(
        "8-bit weights cannot be kept on mps: use --eight-bit decode (or auto)");
  }
  auto impl = std::make_unique<Impl>();
  impl->placement = placement;
  QUIRE_ASSIGN_OR_RETURN(impl->config, LoadModelConfig(folder));
  QUIRE_ASSIGN_OR_RETURN(Weights weights, Weights::Open(folder, impl->config.quantization));
  QUIRE_RETURN_IF_ERROR(weights.Check(impl->config));
  std::ifstream file(folder + "/config.json");
  const std::string config((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  impl->fingerprint = Sha256(config + weights.headers());
  try {
    impl->options = at::TensorOptions().dtype(TypeOf(placement.dtype)).device(at::Device(placement.device));
    impl->cache_options = impl->options.dtype(
        TypeOf(placement.kv_dtype.empty() ? placement.dtype : placement.kv_dtype));
    const bool has_kernel = impl->options.device().is_cpu() && impl->options.dtype() == at::kFloat;
    weights.Place(impl->options, placement.eight_bit == "keep" ||
                                     (placement.eight_bit == "auto" && has_kernel));
    const MemoryNeed need{.weight_bytes = weights.PlacedBytes(), .cache_bytes = impl->CacheBytes()};
    QUIRE_RETURN_IF_ERROR(CheckFits(need, placement));
    QUIRE_RETURN_IF_ERROR(impl->Load(weights));
  } catch (const c10::Error& error) {
    return absl::InternalError(absl::StrCat("loading ", folder, " on ", placement.device, ": ",
                                            error.what_without_backtrace()));
  }
  return std::unique_ptr<OcrModel>(new OcrModel(std::move(impl)));
}

const ModelConfig& OcrModel::config() const { return impl_->config; }
const std::string& OcrModel::fingerprint() const { return impl_->fingerprint; }
const ModelPlacement& OcrModel::placement() const { return impl_->placement; }

std::optional<at::Tensor> OcrModel::EncodeViews(const at::Tensor& views,
                                                const std::atomic<bool>& stop) const {
  const int64_t count = views.size(0);
  if (!kHasOpenMp || !impl_->options.device().is_cpu() || count < at::get_num_threads()) {
    return impl_->Encode(views, stop);
  }
  // A thread takes views of its own, rather than all of them a part of every operator, most of which are
  // too short to be worth a fork and a join. It takes some at a time: whoever is held up by what else runs
  // on the machine, as the next page's rendering, takes fewer.
  const int64_t threads = at::get_num_threads(), some = std::max<int64_t>(count / (2 * threads), 1);
  std::vector<at::Tensor> parts(count);  // by first view
  std::atomic<int64_t> next{0};
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    const c10::InferenceMode no_gradients;
    for (int64_t i = next.fetch_add(some); i < count; i = next.fetch_add(some)) {
      std::optional<at::Tensor> features =
          impl_->Encode(views.narrow(0, i, std::min(some, count - i)), stop);
      if (features) parts[i] = *std::move(features);
    }
  });
  std::erase_if(parts, [](const at::Tensor& part) { return !part.defined(); });
  const at::Tensor features = parts.empty() ? at::Tensor() : at::cat(parts, 0);
  if (!features.defined() || features.size(0) < count) return std::nullopt;
  return features;
}

at::Tensor OcrModel::ArrangeRows(const at::Tensor& tiles, const at::Tensor& global,
                                 TileGrid grid) const {
  return impl_->page_tokens(tiles, global, grid);
}

at::Tensor OcrModel::Embed(std::span<const int> ids) const {
  const std::vector<int64_t> wide(ids.begin(), ids.end());
  return impl_->decoder.Embed(at::tensor(wide, at::kLong).to(impl_->options.device()));
}

absl::StatusOr<at::Tensor> OcrModel::EmbedPrompt(std::span<const int> ids,
                                                 std::span<const at::Tensor> images) const {
  std::vector<int64_t> places;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == impl_->config.image_token_id) places.push_back(static_cast<int64_t>(i));
  }
  int64_t vision_rows = 0;
  for (const at::Tensor& image : images) vision_rows += image.size(0);
  if (vision_rows != static_cast<int64_t>(places.size())) {
    return absl::InvalidArgumentError(absl::StrCat("the prompt has ", places.size(),
                                                   " placeholders; its ", images.size(),
                                                   " images have ", vision_rows, " rows"));
  }
  at::Tensor rows = Embed(ids);                                      // [ids, hidden]
  if (images.empty()) return rows;
  const at::Tensor at = at::tensor(places, at::kLong).to(impl_->options.device());
  return rows.index_copy_(0, at, at::cat(at::TensorList(images.data(), images.size()), 0));
}

std::unique_ptr<KvCache> OcrModel::MakeKvCache(int64_t tokens) const {
  const DecoderConfig& decoder = impl_->config.decoder;
  return std::make_unique<KvCache>(
      KvCache::Shape{decoder.num_hidden_layers, decoder.num_attention_heads,
                     decoder.hidden_size / decoder.num_attention_heads, tokens},
      impl_->cache_options);
}

at::Tensor OcrModel::Step(const at::Tensor& hidden, std::span<const StepSequence> sequences,
                          KvCache& cache, StepClock* clock) const {
  return impl_->decoder.Step(hidden, sequences, cache, clock);
}

}  // namespace quire::worker
