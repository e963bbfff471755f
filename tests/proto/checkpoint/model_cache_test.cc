#include "proto/checkpoint/model_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "tests/proto/checkpoint/checkpoint_folder.h"

namespace quire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

CacheFolders Folders(const std::map<std::string, std::string>& variables) {
  return ChooseCacheFolders([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(CacheFolders, LieInTheUsersHome) {
  const CacheFolders folders = Folders({{"HOME", "/home/u"}});
  EXPECT_EQ(folders.hugging_face, "/home/u/.cache/huggingface/hub");
  EXPECT_EQ(folders.quire, "/home/u/.cache/quire/models");
}

TEST(CacheFolders, FollowTheirVariablesInOrder) {
  std::map<std::string, std::string> variables = {{"HOME", "/home/u"}, {"XDG_CACHE_HOME", "/xdg"}};
  EXPECT_EQ(Folders(variables).hugging_face, "/xdg/huggingface/hub");
  EXPECT_EQ(Folders(variables).quire, "/xdg/quire/models");
  variables["HF_HOME"] = "/hf";
  EXPECT_EQ(Folders(variables).hugging_face, "/hf/hub");
  variables["HF_HUB_CACHE"] = "/hub";
  EXPECT_EQ(Folders(variables).hugging_face, "/hub");
  variables["QUIRE_CACHE_DIR"] = "/q";
  EXPECT_EQ(Folders(variables).quire, "/q/models");
  variables["HF_HUB_CACHE"] = "";
  EXPECT_EQ(Folders(variables).hugging_face, "/hf/hub");
}

TEST(Repository, IsOwnerAndName) {
  const Repository repository = ParseRepository("deepseek-ai/DeepSeek-OCR").value();
  EXPECT_EQ(repository.id, "deepseek-ai/DeepSeek-OCR");
  EXPECT_EQ(repository.revision, "main");
  EXPECT_EQ(CacheFolderOf(repository), "models--deepseek-ai--DeepSeek-OCR");
}

TEST(Repository, MayNameARevision) {
  EXPECT_EQ(ParseRepository("a/b@release/1.0").value().revision, "release/1.0");
}

TEST(Repository, RefusesWhatIsNoPartOfAPath) {
  for (const char* text :
       {"a", "a/", "/b", "a/b/c", "../b", "a/..", "a/.b", "a/b@", "a/b@../c", "a/b@/c", "a/b@c/",
        "a/b c", "a/b\n", "a--b/c", "a/b?x", "a/b@x?y", ""}) {
    EXPECT_FALSE(ParseRepository(text).ok()) << text;
  }
}

TEST(PlainFileName, StaysInItsFolder) {
  EXPECT_TRUE(IsPlainFileName("model-00001-of-000001.safetensors"));
  for (const char* name : {"", ".", "..", "a/b", "/a", "..\\a", ".hidden", "a\n", "a..b"}) {
    EXPECT_FALSE(IsPlainFileName(name)) << name;
  }
}

class Snapshots : public testing::Test {
 protected:
  // A snapshot as huggingface_hub writes it: links to blobs.
  void AddBlob(const std::string& name, const std::string& blob, const std::string& bytes) {
    folder_.Write("models--o--n/blobs/" + blob, bytes);
    folder_.Link(std::string("models--o--n/snapshots/") + kCommit + "/" + name,
                 "../../blobs/" + blob);
  }
  void AddWhole() {
    AddBlob("config.json", "aa", "{}");
    AddBlob("tokenizer.json", "bb", "{}");
    AddBlob("model-00001-of-000001.safetensors", "cc", "x");
    folder_.Write("models--o--n/refs/main", kCommit);
  }
  std::optional<Snapshot> Find(const std::string& revision = "main") const {
    return FindSnapshot(folder_.path(), {.id = "o/n", .revision = revision});
  }
  const TestFolder folder_;
};

TEST_F(Snapshots, AreFoundByBranchThroughLinks) {
  AddWhole();
  const auto snapshot = Find();
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->commit, kCommit);
  EXPECT_EQ(snapshot->folder, folder_.path() + "/models--o--n/snapshots/" + kCommit);
  EXPECT_THAT(snapshot->lacking, IsEmpty());
}

TEST_F(Snapshots, AreFoundByCommit) {
  AddWhole();
  EXPECT_TRUE(Find(kCommit).has_value());
}

TEST_F(Snapshots, AreNotFoundByAnotherRevision) {
  AddWhole();
  EXPECT_FALSE(Find("dev").has_value());
}

TEST_F(Snapshots, ABrokenLinkIsAFileThatLacks) {
  AddWhole();
  std::filesystem::remove(folder_.path() + "/models--o--n/blobs/cc");
  EXPECT_THAT(Find()->lacking, ElementsAre("*.safetensors"));
}

TEST_F(Snapshots, AnIndexNeedsEachOfItsShards) {
  AddWhole();
  AddBlob("model.safetensors.index.json", "dd", R"({"weight_map": {"t": "model-2.safetensors"}})");
  EXPECT_THAT(Find()->lacking, ElementsAre("*.safetensors"));
  AddBlob("model-2.safetensors", "ee", "x");
  EXPECT_THAT(Find()->lacking, IsEmpty());
}

TEST_F(Snapshots, ARevisionsFileThatLeavesTheFolderIsNone) {
  AddWhole();
  for (const char* name : {"config.json", "tokenizer.json", "a.safetensors"}) {
    folder_.Write(std::string("outside/") + name, "{}");
  }
  folder_.Write("models--o--n/refs/main", "../../outside");
  EXPECT_FALSE(Find().has_value());
}

TEST_F(Snapshots, ARevisionsFileOfAnySizeIsNone) {
  AddWhole();
  folder_.Write("models--o--n/refs/main", std::string(5000, 'a'));
  EXPECT_FALSE(Find().has_value());
}

}  // namespace
}  // namespace quire
