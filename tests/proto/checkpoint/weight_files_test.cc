#include "proto/checkpoint/weight_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/proto/checkpoint/checkpoint_folder.h"

namespace quire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Files : public testing::Test {
 protected:
  std::string FaultOf(const std::string& index) {
    folder_.Write("model.safetensors.index.json", index);
    return std::string(FindWeightFiles(folder_.path()).status().message());
  }
  const TestFolder folder_;
};

TEST_F(Files, TheOnlyOneIsTaken) {
  const std::string path = folder_.Write("any.safetensors", "");
  EXPECT_THAT(FindWeightFiles(folder_.path())->paths, ElementsAre(path));
}

TEST_F(Files, NoneOrSeveralNeedAnIndex) {
  EXPECT_THAT(std::string(FindWeightFiles(folder_.path()).status().message()),
              HasSubstr("holds 0 *.safetensors"));
  folder_.Write("a.safetensors", "");
  folder_.Write("b.safetensors", "");
  EXPECT_THAT(std::string(FindWeightFiles(folder_.path()).status().message()),
              HasSubstr("holds 2 *.safetensors"));
}

TEST_F(Files, AnIndexNamesItsShardsOnce) {
  const std::string a = folder_.Write("a.safetensors", ""), b = folder_.Write("b.safetensors", "");
  folder_.Write("c.safetensors", "");
  folder_.Write(
      "model.safetensors.index.json",
      R"({"weight_map": {"x": "b.safetensors", "y": "a.safetensors", "z": "a.safetensors"}})");
  const WeightFiles files = FindWeightFiles(folder_.path()).value();
  EXPECT_THAT(files.paths, ElementsAre(a, b));
  EXPECT_EQ(files.shard_of.at("x"), "b.safetensors");
}

TEST_F(Files, AShardThatIsNotThereIsNamed) {
  EXPECT_THAT(FaultOf(R"({"weight_map": {"x": "a.safetensors"}})"),
              HasSubstr("the shard a.safetensors is not in the folder"));
}

TEST_F(Files, AnIndexThatIsNoneIsNamed) {
  EXPECT_THAT(FaultOf("{}"), HasSubstr("no \"weight_map\""));
  EXPECT_THAT(FaultOf("[1"), HasSubstr("no JSON object"));
  EXPECT_THAT(FaultOf(R"({"weight_map": {}})"), HasSubstr("is empty"));
  EXPECT_THAT(FaultOf(R"({"weight_map": {"x": 1}})"), HasSubstr("tensor x names no file"));
  EXPECT_THAT(FaultOf("{\"a\":" + std::string(1000, '[') + "}"), HasSubstr("nested deeper"));
}

TEST_F(Files, AShardOutsideTheFolderIsNone) {
  folder_.Write("a.safetensors", "");
  EXPECT_THAT(FaultOf(R"({"weight_map": {"x": "../a.safetensors"}})"),
              HasSubstr("tensor x names no file"));
  EXPECT_THAT(FaultOf(R"({"weight_map": {"x": ".."}})"), HasSubstr("tensor x names no file"));
}

}  // namespace
}  // namespace quire
