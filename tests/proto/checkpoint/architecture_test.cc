// What config.json may and may not say. worker/model/config.h adds the "quire" block to this.
#include "proto/checkpoint/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/checkpoint/tensor_list.h"
#include "tests/proto/checkpoint/checkpoint_folder.h"

namespace quire {
namespace {

using ::testing::HasSubstr;

std::string MessageOf(const std::string& text) {
  const absl::Status status = ParseArchitecture(text, "/m/config.json").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 200);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/m/config.json: "));
  return std::string(status.message());
}

std::string With(const std::string& from, const std::string& to) {
  const std::string text = absl::StrReplaceAll(TinyConfig(), {{from, to}});
  EXPECT_NE(text, TinyConfig());
  return text;
}

TEST(Architecture, TakesSizesAndDefaults) {
  const Architecture config = ParseArchitecture(TinyConfig(), "config.json").value();
  EXPECT_EQ(config.family, ModelFamily::kV1);
  EXPECT_EQ(config.decoder.hidden_size, 8);
  EXPECT_EQ(config.sam.patch_size, 16);
  EXPECT_EQ(config.image_token_id, 3);
}

TEST(Architecture, RefusesAnotherFamily) {
  EXPECT_THAT(MessageOf(With("DeepseekOCRForCausalLM", "LlamaForCausalLM")),
              HasSubstr("architectures is [LlamaForCausalLM]; expected [DeepseekOCRForCausalLM]"));
  EXPECT_THAT(MessageOf("{}"), HasSubstr("architectures is []"));
}

TEST(Architecture, RefusesWhatIsNoJsonObject) {
  EXPECT_THAT(MessageOf("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(MessageOf("{"), HasSubstr("no JSON object"));
}

TEST(Architecture, RefusesDeepJson) {
  EXPECT_THAT(MessageOf("{\"a\":" + std::string(100'000, '[')),
              HasSubstr("nested deeper than 64 levels"));
}

TEST(Architecture, RefusesHugeJson) {
  EXPECT_THAT(MessageOf("{\"a\":\"" + std::string(kMostConfigBytes, 'x') + "\"}"),
              HasSubstr("the limit is 1048576"));
}

TEST(Architecture, NamesTheKeyOfAWrongType) {
  EXPECT_THAT(MessageOf(With("\"hidden_size\": 8", "\"hidden_size\": \"8\"")),
              HasSubstr("key language_config.hidden_size is \"8\"; expected a whole number"));
}

TEST(Architecture, RefusesSizesThatNoMachineHolds) {
  const auto largest = [](const char* key, const char* value) {
    return MessageOf("{\"architectures\": [\"DeepseekOCRForCausalLM\"], \"language_config\": {\"" +
                     std::string(key) + "\": " + value + "}}");
  };
  EXPECT_THAT(largest("vocab_size", "1048577"),
              HasSubstr("expected a whole number from 1 to 1048576"));
  EXPECT_THAT(largest("num_hidden_layers", "257"),
              HasSubstr("expected a whole number from 1 to 256"));
  EXPECT_THAT(largest("n_routed_experts", "1025"),
              HasSubstr("expected a whole number from 1 to 1024"));
  EXPECT_THAT(largest("hidden_size", "0"), HasSubstr("hidden_size is 0"));
  EXPECT_THAT(largest("hidden_size", "-8"), HasSubstr("hidden_size is -8"));
  EXPECT_THAT(largest("hidden_size", "18446744073709551615"), HasSubstr("expected a whole number"));
  EXPECT_THAT(largest("hidden_size", "1e300"), HasSubstr("expected a whole number"));
}

TEST(Architecture, RefusesMoreExpertsThanAListCanName) {
  EXPECT_THAT(MessageOf(absl::StrReplaceAll(
                  TinyConfig(), {{"\"n_routed_experts\": 2", "\"n_routed_experts\": 1024"},
                                 {"\"num_hidden_layers\": 2", "\"num_hidden_layers\": 256"}})),
              HasSubstr("256 layers of 1024 experts; expected at most 16384"));
}

TEST(Architecture, RefusesSizesThatDoNotFitTogether) {
  EXPECT_THAT(MessageOf(With("\"num_experts_per_tok\": 1", "\"num_experts_per_tok\": 3")),
              HasSubstr("num_experts_per_tok is 3 of 2"));
  EXPECT_THAT(MessageOf(With("\"num_attention_heads\": 2", "\"num_attention_heads\": 3")),
              HasSubstr("hidden_size 8"));
  EXPECT_THAT(MessageOf(With("\"input_dim\": 16", "\"input_dim\": 15")),
              HasSubstr("input_dim is 15; expected 16"));
  EXPECT_THAT(MessageOf(With("\"n_embed\": 8", "\"n_embed\": 9")), HasSubstr("n_embed is 9"));
  EXPECT_THAT(MessageOf(With("\"image_token_id\": 3", "\"image_token_id\": 16")),
              HasSubstr("image_token_id is 16"));
  EXPECT_THAT(MessageOf(With("[4, 8]", "[4]")),
              HasSubstr("downsample_channels has 1 entries; expected 2"));
  EXPECT_THAT(MessageOf(With("\"mlp_ratio\": 2", "\"mlp_ratio\": 1e9")),
              HasSubstr("mlp_ratio is 1000000000.0; expected a number"));
}

TEST(ReadSmallFile, AsksForTheSizeBeforeItReads) {
  const TestFolder folder;
  const std::string path = folder.Write("big", std::string(101, 'x'));
  EXPECT_EQ(ReadSmallFile(path, 101).value().size(), 101U);
  EXPECT_THAT(std::string(ReadSmallFile(path, 100).status().message()),
              HasSubstr("it has 101 bytes; the limit is 100"));
  EXPECT_THAT(std::string(ReadSmallFile(folder.path(), 100).status().message()),
              HasSubstr("is no file"));
  EXPECT_THAT(std::string(ReadSmallFile(path + "x", 100).status().message()),
              HasSubstr("No such file"));
}

}  // namespace
}  // namespace quire
