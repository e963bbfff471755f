#include "server/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "proto/rich_status.h"

namespace quire::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(ParseTokens, ReadsNamesTokensAndLimits) {
  const auto tokens = ParseTokens("# who may call\n\nalice s3cret\nbob\tother documents=3\nlonely\n");

  ASSERT_TRUE(tokens.ok()) << tokens.status();
  ASSERT_THAT(*tokens, SizeIs(3));
  EXPECT_EQ((*tokens)[0].caller.name, "alice");
  EXPECT_EQ((*tokens)[0].token, "s3cret");
  EXPECT_EQ((*tokens)[0].caller.max_documents, 0);
  EXPECT_EQ((*tokens)[1].caller.max_documents, 3);
  EXPECT_EQ((*tokens)[2].caller.name, "line-5");
  EXPECT_EQ((*tokens)[2].token, "lonely");
}

// The words of each line name the wrong one, and hold a secret that the error must not.
class WrongTokens : public testing::TestWithParam<const char*> {};

TEST_P(WrongTokens, AreRefusedWithoutBeingSaid) {
  const absl::Status status = ParseTokens(GetParam()).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(testing::AnyOf(HasSubstr("line 2"), HasSubstr("no token")),
                    Not(HasSubstr("s3cret"))));
}

INSTANTIATE_TEST_SUITE_P(All, WrongTokens,
                         testing::Values("", "# nothing\n", "a x\nb s3cret documents=0",
                                         "a x\nb s3cret documents=many", "a x\nb s3cret s3cret",
                                         "a x\nb s3cret documents=1 more", "a x\na s3cret"));

TEST(TokenMatches, TakesTheToken) { EXPECT_TRUE(TokenMatches("Bearer secret", "secret")); }
TEST(TokenMatches, RefusesAnother) { EXPECT_FALSE(TokenMatches("Bearer secreT", "secret")); }
TEST(TokenMatches, RefusesAPrefix) { EXPECT_FALSE(TokenMatches("Bearer secre", "secret")); }
TEST(TokenMatches, RefusesALongerOne) { EXPECT_FALSE(TokenMatches("Bearer secrets", "secret")); }
TEST(TokenMatches, RefusesNothing) { EXPECT_FALSE(TokenMatches("", "secret")); }

class Tokens : public testing::Test {
 protected:
  ~Tokens() override { std::remove(path_.c_str()); }
  void Write(const std::string& text) {
    const std::string half_written = path_ + ".part";
    std::ofstream(half_written) << text;
    ASSERT_EQ(std::rename(half_written.c_str(), path_.c_str()), 0);
  }
  const std::string path_ =
      testing::TempDir() + "/quire-tokens-" + std::to_string(getpid());
};

TEST_F(Tokens, AreFoundByName) {
  Write("alice one\nbob two documents=3\n");
  const auto file = TokenFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();

  const auto found = (*file)->Find("Bearer two");

  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->name, "bob");
  EXPECT_EQ(found->max_documents, 3);
}

TEST_F(Tokens, RefuseWhatIsNobodys) {
  Write("alice one\n");
  const auto file = TokenFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();

  EXPECT_EQ((*file)->Find("Bearer two").status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf((*file)->Find("").status()), "WRONG_TOKEN");
}

TEST_F(Tokens, AreReadAgainWhenTheFileChanges) {
  Write("alice one\n");
  const auto file = TokenFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();

  Write("alice two\n");

  EXPECT_TRUE((*file)->Find("Bearer two").ok());
  EXPECT_FALSE((*file)->Find("Bearer one").ok());
}

TEST_F(Tokens, CountOnWhileAChangedFileIsWrong) {
  Write("alice one\n");
  const auto file = TokenFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();

  Write("alice one two three four\n");
  EXPECT_TRUE((*file)->Find("Bearer one").ok());
  std::remove(path_.c_str());
  EXPECT_TRUE((*file)->Find("Bearer one").ok());
}

TEST_F(Tokens, NeedAFile) {
  const absl::Status status = TokenFile::Open(path_).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
}

}  // namespace
}  // namespace quire::server
