#include "proto/checkpoint/device_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/checkpoint/check_tensors.h"
#include "proto/checkpoint/json_fields.h"

namespace quire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

double Needed(const std::string& key, const std::string& kind) {
  const RegistryEntry entry = FindRegistryEntry(key).value();
  return NeededBytes(SizeOf(entry), entry.dtype.at(kind), kind);
}

TEST(DeviceFit, CountsWeightsAndOnePage) {
  EXPECT_EQ(Needed("deepseek-ocr", "cuda"), 6'672'212'480.0 + 61'440.0 * 8192);
  EXPECT_EQ(Needed("deepseek-ocr", "cpu"), 2 * 6'672'212'480.0 + 61'440.0 * 8192);
}

TEST(DeviceFit, CountsEightBitWeightsAsTheyAreKept) {
  EXPECT_EQ(Needed("mlx-8bit", "cuda"), Needed("deepseek-ocr", "cuda"));  // decoded at load
  EXPECT_NEAR(Needed("mlx-8bit", "cpu"),
              2'933'800'960 * 1.125 + 402'305'280 * 4.0 + 61'440.0 * 8192, 1);
}

TEST(DeviceFit, NamesTheKeysThatFit) {
  EXPECT_THAT(KeysThatFit(80e9, "cuda"),
              ElementsAre("deepseek-ocr", "deepseek-ocr-2", "dogacel-mps", "dogacel-v2", "mlx-8bit",
                          "nano"));
  EXPECT_THAT(KeysThatFit(6e9, "cpu"), ElementsAre("mlx-8bit", "nano"));
  EXPECT_THAT(KeysThatFit(1e9, "cpu"), ElementsAre("nano"));
  EXPECT_THAT(KeysThatFit(1e6, "cpu"), IsEmpty());
}

TEST(DeviceFit, TheRegistryKnowsNanosSize) {
  const std::string path = QUIRE_FIXTURES "/models/nano/config.json";
  const Architecture nano =
      ParseArchitecture(ReadSmallFile(path, kMostConfigBytes).value(), path).value();
  const WeightFiles files = FindWeightFiles(QUIRE_FIXTURES "/models/nano").value();
  const SafetensorsHeader header = ReadSafetensorsHeader(files.paths[0]).value();
  const RegistryEntry told = FindRegistryEntry("nano").value();
  const TensorReport report = CheckTensors(nano, files, {header});
  EXPECT_EQ(told.parameters, report.parameters);
  EXPECT_EQ(told.weight_bytes, static_cast<int64_t>(report.data_bytes));
  EXPECT_EQ(SizeOf(told).cache_elements, SizeOf(nano, 0).cache_elements);
  int64_t codes = 0;
  for (const StoredTensor& tensor : header.tensors) {
    if (tensor.dtype == "U32") codes += static_cast<int64_t>(tensor.end - tensor.begin);
  }
  EXPECT_EQ(told.coded_parameters, codes);
}

}  // namespace
}  // namespace quire
