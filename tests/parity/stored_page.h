#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {

// Every tensor of a folder's only safetensors file, as float32.
absl::StatusOr<std::map<std::string, at::Tensor>> ReadTensors(const std::string& folder);

// A page that page.py wrote.
struct StoredPage {
  struct Image {
    at::Tensor tiles;   // [columns * rows, 3, side, side], or undefined
    at::Tensor global;  // [1, 3, side, side]
    TileGrid grid;
  };
  std::vector<Image> images;
  std::vector<int> prompt_ids;  // a run of placeholders for each image
  std::vector<int> forced_ids;
};
absl::StatusOr<StoredPage> ReadPage(const std::string& folder);

// The prompt's rows, with each image's in the place of its placeholders: [prompt, hidden].
// InvalidArgument where their numbers differ.
absl::StatusOr<at::Tensor> PromptRows(const OcrModel& model, const StoredPage& page);

// Logits of `ids` fed one after another behind a prompt that is prefilled in chunks of `chunk_rows`: one
// row for the prompt and one for each id but the last. [ids, vocab] on the CPU.
at::Tensor ForcedLogits(const OcrModel& model, const at::Tensor& prompt, const std::vector<int>& ids,
                        int64_t chunk_rows);

}  // namespace quire::worker
