#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/engine/model_faults.h"
#include "worker/engine/page_reader.h"

namespace quire::worker {

struct EngineOptions {
  std::string device = "auto";  // auto, cpu, cuda:N, mps
  std::string dtype = "auto";   // auto: f32 on a CPU, bf16 elsewhere
  std::string kv_dtype = "auto";  // of the KV cache; auto: f16 beside f32 on a CPU, else as dtype
  std::string eight_bit = "auto";  // 8-bit weights: auto, keep, decode; see ModelPlacement
  int slots = 0;                // pages at once; 0: by device and model
  int threads = 0;              // of a CPU; 0: all cores
  int profile_every = 0;        // each so-many-th decode step is timed by part; 0: none
  ModelFaults faults;           // for tests
};

// A reader of pages with the model of a folder, warm: it has read a blank page. Errors are those of
// OcrModel::Load and Tokenizer::Load, and FailedPrecondition for a device that is not there.
absl::StatusOr<std::unique_ptr<PageReader>> OpenEngine(const std::string& folder,
                                                       const EngineOptions& options);

}  // namespace quire::worker
