#include "worker/engine/readable_parts.h"

#include <gtest/gtest.h>

#include <vector>

namespace quire::worker {
namespace {

constexpr double kUnsure = 0.1;

TEST(ReadableParts, AreParagraphsOfWhichTheModelWasSure) {
  const ReadableParts parts = KeepReadable(
      std::vector<WrittenToken>{
          {"A", -0.01}, {" page", -0.15}, {"\n\n", -0.01}, {"jnk", -0.9}, {"\n", -0.01}, {"\n", -0.01}, {"end", -0.02}},
      kUnsure);
  EXPECT_EQ(parts.raw, "A page\n\nend");
  EXPECT_DOUBLE_EQ(parts.share, 4.0 / 7);
}

TEST(ReadableParts, AreJudgedByTheirTextAlone) {
  const ReadableParts parts = KeepReadable(
      std::vector<WrittenToken>{{"<|det|>", -2, false}, {"[[1]]", -2, false}, {"<|/det|>", -2, false}, {"text", -0.05}},
      kUnsure);
  EXPECT_EQ(parts.raw, "<|det|>[[1]]<|/det|>text");
  EXPECT_DOUBLE_EQ(parts.share, 1);
}

TEST(ReadableParts, EndWhereATokenHoldsAnEmptyLine) {
  const ReadableParts parts =
      KeepReadable(std::vector<WrittenToken>{{"good.\n\n", -0.01}, {"bad", -3}, {"\n\n", -3}}, kUnsure);
  EXPECT_EQ(parts.raw, "good.\n\n");
}

TEST(ReadableParts, OfNothingAreNone) {
  EXPECT_EQ(KeepReadable({}, kUnsure).raw, "");
  EXPECT_DOUBLE_EQ(KeepReadable({}, kUnsure).share, 0);
  // A box without text holds nothing that could be readable.
  EXPECT_EQ(KeepReadable(std::vector<WrittenToken>{{"<|det|>", 0, false}}, kUnsure).raw, "");
}

}  // namespace
}  // namespace quire::worker
