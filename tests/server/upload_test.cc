#include "server/upload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/rich_status.h"

namespace quire::server {
namespace {

using quire::v1::RecognizeRequest;

RecognizeRequest Options() {
  RecognizeRequest request;
  request.mutable_options();
  return request;
}

RecognizeRequest Chunk(size_t bytes) {
  RecognizeRequest request;
  request.set_chunk(std::string(bytes, 'x'));
  return request;
}

TEST(Upload, TakesOptionsThenChunks) {
  Upload upload;
  EXPECT_TRUE(upload.Accept(Options()).ok());
  EXPECT_TRUE(upload.Accept(Chunk(3)).ok());
  EXPECT_TRUE(upload.Accept(Chunk(2 << 20)).ok());
  EXPECT_TRUE(upload.End().ok());
  EXPECT_EQ(upload.bytes(), (2 << 20) + 3);
}

TEST(Upload, RefusesAChunkBeforeOptions) {
  Upload upload;
  EXPECT_EQ(ReasonOf(upload.Accept(Chunk(1))), "OPTIONS_FIRST");
}

TEST(Upload, RefusesOptionsTwice) {
  Upload upload;
  ASSERT_TRUE(upload.Accept(Options()).ok());
  EXPECT_EQ(ReasonOf(upload.Accept(Options())), "OPTIONS_TWICE");
}

TEST(Upload, RefusesAMessageWithoutPayload) {
  Upload upload;
  EXPECT_EQ(ReasonOf(upload.Accept(RecognizeRequest())), "EMPTY_MESSAGE");
}

TEST(Upload, RefusesALargeChunk) {
  Upload upload;
  ASSERT_TRUE(upload.Accept(Options()).ok());
  EXPECT_EQ(ReasonOf(upload.Accept(Chunk((2 << 20) + 1))), "CHUNK_TOO_LARGE");
}

TEST(Upload, RefusesAnEndWithoutBytes) {
  Upload upload;
  ASSERT_TRUE(upload.Accept(Options()).ok());
  ASSERT_TRUE(upload.Accept(Chunk(0)).ok());
  EXPECT_EQ(ReasonOf(upload.End()), "EMPTY_DOCUMENT");
}

TEST(Upload, RefusesAnEndWithoutOptions) { EXPECT_EQ(ReasonOf(Upload().End()), "OPTIONS_FIRST"); }

}  // namespace
}  // namespace quire::server
