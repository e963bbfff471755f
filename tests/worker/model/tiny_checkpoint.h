#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace quire::worker {

// The deterministic values of a tensor: FNV-1a of its name and a MurmurHash3 finaliser of each index,
// spread over base - scale to base + scale.
at::Tensor HashedTensor(const std::string& name, const std::vector<int64_t>& shape,
                        double scale = 1, double base = 0);

// A DeepSeek-OCR so small that its numbers could be made by hand: v1, or V2(). Every parameter has its
// HashedTensor of scale 0.25 (norm weights around 1).
struct TinyCheckpoint {
  std::string config = DefaultConfig();
  std::map<std::string, at::Tensor> tensors = DefaultTensors();

  static TinyCheckpoint V2();
  static std::string DefaultConfig();
  static std::map<std::string, at::Tensor> DefaultTensors();
};

// A checkpoint's config.json and model.safetensors in a temporary folder, which goes with this.
class TemporaryCheckpoint {
 public:
  explicit TemporaryCheckpoint(const TinyCheckpoint& checkpoint);
  ~TemporaryCheckpoint();
  TemporaryCheckpoint(const TemporaryCheckpoint&) = delete;
  TemporaryCheckpoint& operator=(const TemporaryCheckpoint&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A safetensors file of these tensors (float32, bfloat16, float16, int32 as U32), in order of names.
std::string SafetensorsBytes(const std::map<std::string, at::Tensor>& tensors);

// Writes bytes to a file; the test fails when that is not possible.
void WriteFile(const std::string& path, const std::string& bytes);

}  // namespace quire::worker
