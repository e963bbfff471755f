#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/image/tiling.h"
#include "worker/model/config.h"
#include "worker/model/step_clock.h"

namespace quire::worker {

class KvCache;  // worker/model/kv_cache.h: pages of keys and values for all sequences
class Decoder;
struct VisionEncoder;

// Where and how a model computes.
struct ModelPlacement {
  std::string device = "cpu";  // "cpu", "cuda:0", "mps"
  std::string dtype = "f32";   // "f32", "bf16", "f16"; norms, softmax and router are always f32
  std::string kv_dtype;        // of the KV cache: "f32", "bf16", "f16"; empty: as dtype
  // 8-bit weights: "keep" as they are stored, "decode" at load, "auto": keep where single rows are
  // multiplied with them directly (f32 on the CPU).
  std::string eight_bit = "auto";
  int64_t free_bytes = 0, total_bytes = 0;  // of the device; 0: unknown
};

// The rows of one sequence in one decoder step.
struct StepSequence {
  int sequence = 0;  // KvCache sequence handle
  int rows = 0;      // rows that it adds: 1 when decoding, more when prefilling a chunk
  bool want_logits = false;  // whether logits of its last row are wanted
};

// DeepSeek-OCR v1 and v2: views -> vision rows -> decoder with a KV cache -> logits. All sizes come
// from config.json and are checked against the tensors. Const after Load but for the KvCache that
// the caller passes; one thread at a time.
class OcrModel {
 public:
  // Loads FOLDER/{config.json, *.safetensors}. InvalidArgument or DataLoss name file, tensor, found
  // and expected; FailedPrecondition where the device has too little memory, before any is taken.
  static absl::StatusOr<std::unique_ptr<OcrModel>> Load(const std::string& folder,
                                                        const ModelPlacement& placement);
  ~OcrModel();

  const ModelConfig& config() const;
  // SHA-256 over config.json and the safetensors headers, hexadecimal.
  const std::string& fingerprint() const;
  const ModelPlacement& placement() const;

  // Projected features of square views.
  //   views    [views, 3, side, side] f32 on the CPU, normalised to -1..1; the side a multiple of
  //            four of SAM's patches (64 px), and for v2 one of those that its query tables are for
  //   stop     looked at between blocks; when set the result is nothing
  //   returns  [views, grid * grid, hidden] on the device, grid = side / four patches
  std::optional<at::Tensor> EncodeViews(const at::Tensor& views,
                                        const std::atomic<bool>& stop) const;

  // Vision rows of one image in the decoder's order; see PageTokens.
  //   tiles    [columns * rows, t * t, hidden], or undefined when the image is not tiled
  //   global   [1, g * g, hidden]
  //   returns  [vision rows, hidden]
  at::Tensor ArrangeRows(const at::Tensor& tiles, const at::Tensor& global, TileGrid grid) const;

  // [ids, hidden]
  at::Tensor Embed(std::span<const int> ids) const;

  // A prompt's rows: its ids embedded, the placeholders (config().image_token_id) overwritten with
  // the images' rows, in order. Images that stand side by side share a run of placeholders.
  //   images   [vision rows, hidden] each, of ArrangeRows
  //   returns  [ids, hidden]; InvalidArgument where there are not as many placeholders as rows
  absl::StatusOr<at::Tensor> EmbedPrompt(std::span<const int> ids,
                                         std::span<const at::Tensor> images) const;

  // Empty cache for `tokens` tokens in all, shared by any number of sequences.
  std::unique_ptr<KvCache> MakeKvCache(int64_t tokens) const;

  // One decoder step over several sequences at once; appends to the cache.
  //   hidden     [rows, hidden], the sequences' new rows one after another
  //   sequences  how the rows belong; every sequence has room for them in the cache
  //   returns    [sequences with want_logits, vocab] f32 on the device
  //   clock      is told the step's parts; may be null
  // A sequence's logits do not depend on what shares the step, to within float rounding.
  at::Tensor Step(const at::Tensor& hidden, std::span<const StepSequence> sequences,
                  KvCache& cache, StepClock* clock = nullptr) const;

 private:
  struct Impl;
  explicit OcrModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quire::worker
