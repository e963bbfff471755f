#pragma once

#include <map>
#include <string>
#include <vector>

#include "proto/checkpoint/safetensors.h"
#include "proto/checkpoint/tensor_list.h"

namespace quire {

// A new folder that goes with the test.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::string& path() const { return path_; }
  // Writes a file, its folders included; returns its path.
  std::string Write(const std::string& name, const std::string& bytes) const;
  // A link, its folder included.
  void Link(const std::string& name, const std::string& target) const;

 private:
  std::string path_;
};

// A safetensors file: the header's length, the header, `data_bytes` zeros.
std::string SafetensorsFile(const std::string& header, size_t data_bytes);

// The header that a writer would make for these tensors, and a header parsed from it. Offsets
// follow one another; types are "F32", "BF16", "U32".
struct NamedTensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
};
SafetensorsHeader HeaderOf(const std::vector<NamedTensor>& tensors,
                           const std::string& path = "/m/a.safetensors");

// A config so small that its tensors fit on a page: v1, one SAM block (global), one CLIP layer, two
// decoder layers (the second with 2 experts), hidden 8, vocabulary 16.
std::string TinyConfig();
// What a checkpoint of this config stores, all in `dtype`; unknown sizes are 5.
std::vector<NamedTensor> TinyTensors(const std::string& dtype = "BF16");

}  // namespace quire
