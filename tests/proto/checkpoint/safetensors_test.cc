#include "proto/checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/proto/checkpoint/checkpoint_folder.h"

namespace quire {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kTwo[] = R"({"__metadata__":{"format":"pt"},
  "b":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},
  "a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})";

absl::Status StatusOf(const std::string& json, uint64_t data_bytes) {
  return ParseSafetensorsHeader(json, 8 + json.size() + data_bytes, "/m/x.safetensors").status();
}

std::string MessageOf(const std::string& json, uint64_t data_bytes) {
  const absl::Status status = StatusOf(json, data_bytes);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/m/x.safetensors: "));
  return std::string(status.message());
}

std::string OneTensor(const std::string& dtype, const std::string& shape,
                      const std::string& offsets) {
  return "{\"t\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets +
         "}}";
}

TEST(Safetensors, ReadsAFilesTensorsInTheirOrder) {
  const TestFolder folder;
  const std::string path = folder.Write("m.safetensors", SafetensorsFile(kTwo, 24));

  const SafetensorsHeader header = ReadSafetensorsHeader(path).value();

  ASSERT_EQ(header.tensors.size(), 2U);
  EXPECT_EQ(header.text, kTwo);
  EXPECT_EQ(header.tensors[0].name, "a");
  EXPECT_EQ(header.tensors[0].dtype, "BF16");
  EXPECT_EQ(header.tensors[0].begin, 8 + header.text.size());
  EXPECT_THAT(header.tensors[1].shape, ElementsAre(2, 2));
  EXPECT_EQ(header.tensors[1].end, 8 + header.text.size() + 24);
}

TEST(Safetensors, AScalarAndAnEmptyTensorAreTensors) {
  EXPECT_TRUE(StatusOf(OneTensor("F32", "[]", "[0,4]"), 4).ok());
  EXPECT_TRUE(StatusOf(OneTensor("F32", "[0,3]", "[0,0]"), 0).ok());
}

TEST(Safetensors, SaysThatAFileIsShorterThanALength) {
  const TestFolder folder;
  const std::string path = folder.Write("m.safetensors", "1234567");
  EXPECT_THAT(std::string(ReadSafetensorsHeader(path).status().message()),
              HasSubstr("it has 7 bytes"));
}

TEST(Safetensors, RefusesAHeaderThatIsLongerThanTheFile) {
  const absl::Status status =
      SafetensorsHeaderBytes(std::string("\xff\0\0\0\0\0\0\0", 8), 100, "/m/x.safetensors")
          .status();
  EXPECT_EQ(
      status.message(),
      "/m/x.safetensors: its header claims 255 bytes and the file has 100; expected at most 92");
}

TEST(Safetensors, RefusesAHeaderOfAllTheMemoryThereIs) {
  const absl::Status status =
      SafetensorsHeaderBytes(std::string(8, '\xff'), uint64_t{1} << 60, "x").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("expected at most 100000000"));
}

TEST(Safetensors, RefusesWhatIsNoJson) {
  EXPECT_THAT(MessageOf("{\"t\":", 0), HasSubstr("its header is no JSON from byte 6 on"));
  EXPECT_THAT(MessageOf("", 0), HasSubstr("no JSON"));
  EXPECT_THAT(MessageOf("[]", 0), HasSubstr("a list where an object belongs"));
  EXPECT_THAT(MessageOf("7", 0), HasSubstr("7 where an object belongs"));
}

TEST(Safetensors, RefusesDeepJsonAtItsSecondLevel) {
  EXPECT_THAT(MessageOf(OneTensor("F32", std::string(1'000'000, '['), "[0,4]"), 4),
              HasSubstr("tensor t has no proper shape, dtype and data_offsets: found a list"));
  EXPECT_THAT(MessageOf("{\"__metadata__\":{\"a\":{\"b\":{}}}}", 0),
              HasSubstr("expected strings alone"));
}

TEST(Safetensors, NamesATensorWithoutOneOfItsFields) {
  EXPECT_THAT(MessageOf(R"({"t":{"dtype":"F32","shape":[1]}})", 4),
              HasSubstr("tensor t has no proper shape"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "[1]", "[0]"), 4),
              HasSubstr("tensor t has no proper shape"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "[1]", "[0,4,8]"), 4),
              HasSubstr("more than two data_offsets"));
}

TEST(Safetensors, NamesAFieldThatIsOfAnotherKind) {
  EXPECT_THAT(MessageOf(OneTensor("F32", "[-1]", "[0,4]"), 4), HasSubstr("found -1"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "[1.5]", "[0,4]"), 4), HasSubstr("found 1.5"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "\"1\"", "[0,4]"), 4), HasSubstr("found a string"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "[1]", "[0,1e400]"), 4), HasSubstr("no JSON"));
  EXPECT_THAT(MessageOf(R"({"t":{"dtype":"F32","dtype":"F32"}})", 4), HasSubstr("has dtype twice"));
  EXPECT_THAT(MessageOf(R"({"t":{"strides":[1]}})", 4), HasSubstr("unknown key strides"));
}

TEST(Safetensors, NamesATensorThatIsThereTwice) {
  const std::string one = R"("t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_THAT(MessageOf("{" + one + "," + one + "}", 1), HasSubstr("tensor t is there twice"));
}

TEST(Safetensors, NamesAnUnknownType) {
  EXPECT_THAT(MessageOf(OneTensor("F7", "[1]", "[0,4]"), 4),
              AllOf(HasSubstr("tensor t has the unknown type F7"), HasSubstr("expected BF16")));
}

TEST(Safetensors, RefusesOffsetsThatContradictTheShape) {
  EXPECT_THAT(MessageOf(OneTensor("F32", "[2]", "[0,4]"), 4),
              HasSubstr("of shape [2] and type F32 lies at bytes 0 to 4 of 4; expected 8 bytes"));
}

TEST(Safetensors, RefusesOffsetsPastTheFile) {
  EXPECT_THAT(MessageOf(OneTensor("F32", "[2]", "[0,8]"), 7),
              HasSubstr("lies at bytes 0 to 8 of 7"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "[2]", "[8,0]"), 8),
              HasSubstr("lies at bytes 8 to 0 of 8"));
}

TEST(Safetensors, RefusesSizesThatOverflow) {
  EXPECT_THAT(MessageOf(OneTensor("F32", "[1099511627776]", "[0,4]"), 4),
              HasSubstr("a dimension of 1099511627776"));
  // 2^39 * 2^39 * 4 is 0 in 64 bits.
  EXPECT_THAT(MessageOf(OneTensor("F32", "[549755813888,549755813888]", "[0,0]"), 0),
              HasSubstr("expected a shape that a file can hold"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "[1]", "[18446744073709551612,18446744073709551616]"), 4),
              HasSubstr("found 1844674407370955"));
  EXPECT_THAT(MessageOf(OneTensor("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4),
              HasSubstr("more than 8 dimensions"));
}

TEST(Safetensors, RefusesTensorsThatOverlap) {
  EXPECT_THAT(MessageOf(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},
                            "b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})",
                        7),
              HasSubstr("tensor b begins at byte 3, inside another; expected 4"));
}

TEST(Safetensors, RefusesBytesOfNobody) {
  EXPECT_THAT(MessageOf(OneTensor("U8", "[4]", "[1,5]"), 5), HasSubstr("leaves a gap; expected 0"));
  EXPECT_THAT(MessageOf(OneTensor("U8", "[4]", "[0,4]"), 5), HasSubstr("end at byte 4 of 5"));
}

TEST(Safetensors, RefusesNamesThatAreNoNames) {
  EXPECT_THAT(MessageOf("{\"\":{}}", 0), HasSubstr("a name of 0 bytes"));
  EXPECT_THAT(MessageOf("{\"" + std::string(2000, 'x') + "\":{}}", 0),
              HasSubstr("a name of 2000 bytes"));
  EXPECT_THAT(MessageOf("{\"\\u001b[2J\":{}}", 0), HasSubstr("tensor ?[2J"));
}

}  // namespace
}  // namespace quire
