// What is said in two places is said alike: by the loader and the list of tensors that `quire
// models verify` goes by, by the registry and the official reading that a folder gets without one.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "proto/checkpoint/registry.h"
#include "proto/checkpoint/tensor_list.h"
#include "tests/worker/model/tiny_checkpoint.h"
#include "worker/model/config.h"
#include "worker/model/ocr_model.h"

namespace quire::worker {
namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

// The list, its unknown sizes as the checkpoint has them.
Shapes ListedShapes(const TinyCheckpoint& checkpoint) {
  Shapes shapes;
  for (const ExpectedTensor& tensor :
       ListTensors(ParseModelConfig(checkpoint.config, "config.json").value())) {
    const auto stored = checkpoint.tensors.find(tensor.name);
    if (tensor.optional && stored == checkpoint.tensors.end()) continue;
    std::vector<int64_t> shape = tensor.shape;
    for (size_t i = 0; i < shape.size() && stored != checkpoint.tensors.end(); ++i) {
      if (shape[i] == kAnySize) shape[i] = stored->second.size(static_cast<int64_t>(i));
    }
    shapes[tensor.name] = shape;
  }
  return shapes;
}

Shapes StoredShapes(const TinyCheckpoint& checkpoint) {
  Shapes shapes;
  for (const auto& [name, tensor] : checkpoint.tensors) shapes[name] = tensor.sizes().vec();
  return shapes;
}

void ExpectLoadedAsListed(const TinyCheckpoint& checkpoint) {
  EXPECT_EQ(ListedShapes(checkpoint), StoredShapes(checkpoint));
  const TemporaryCheckpoint folder(checkpoint);
  const absl::Status loaded = OcrModel::Load(folder.path(), {}).status();
  EXPECT_TRUE(loaded.ok()) << loaded;
}

TEST(TensorList, IsWhatTheLoaderTakesOfV1) { ExpectLoadedAsListed(TinyCheckpoint()); }

TEST(TensorList, IsWhatTheLoaderTakesOfV2) { ExpectLoadedAsListed(TinyCheckpoint::V2()); }

void ExpectBan(const char* key, const char* architecture) {
  const ReadingConfig reading =
      ParseModelConfig(std::string("{\"architectures\": [\"") + architecture + "\"]}",
                       "config.json")
          .value()
          .reading;
  const RegistryEntry entry = FindRegistryEntry(key).value();
  EXPECT_EQ(reading.name, key);
  EXPECT_EQ(reading.ngram_size, entry.ngram_ban.at("pdf").size);
  EXPECT_EQ(reading.ngram_window, entry.ngram_ban.at("pdf").window);
  EXPECT_EQ(reading.ngram_exempt_ids, entry.ngram_exempt_ids);
}

TEST(Registry, HasTheBanOfTheOfficialReadingOfV1) {
  ExpectBan("deepseek-ocr", "DeepseekOCRForCausalLM");
}

TEST(Registry, HasTheBanOfTheOfficialReadingOfV2) {
  ExpectBan("deepseek-ocr-2", "DeepseekOCR2ForCausalLM");
}

}  // namespace
}  // namespace quire::worker
