#include "proto/checkpoint/find_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/proto/checkpoint/checkpoint_folder.h"

namespace quire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

class Finding : public testing::Test {
 protected:
  void AddSnapshot(const std::string& cache, const std::string& repository_folder) {
    const std::string root = cache + "/" + repository_folder;
    for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
      folder_.Write(root + "/snapshots/" + kCommit + "/" + name, "{}");
    }
    folder_.Write(root + "/refs/main", kCommit);
  }
  std::string SnapshotPath(const std::string& cache, const std::string& repository_folder) const {
    return root_ + "/" + cache + "/" + repository_folder + "/snapshots/" + kCommit;
  }
  std::string FolderOf(const std::string& model) const {
    const auto found = FindModel(model, places_);
    return found.ok() ? found->folder : std::string(found.status().message());
  }

  const TestFolder folder_;
  const std::string root_ = folder_.path();
  const ModelPlaces places_ = {
      .models_dir = root_ + "/models",
      .program_folder = root_ + "/build/bin",
      .caches = {.hugging_face = root_ + "/hf", .quire = root_ + "/quire"}};
};

TEST_F(Finding, AFolderIsTakenAsItIs) {
  folder_.Write("mine/config.json", "{}");
  EXPECT_EQ(FolderOf(root_ + "/mine"), root_ + "/mine");
  EXPECT_EQ(FindModel(root_ + "/mine", places_)->place, "folder");
}

TEST_F(Finding, AFolderComesBeforeARepositoryOfItsName) {
  folder_.Write("o/n/config.json", "{}");
  AddSnapshot("hf", "models--o--n");
  const std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::current_path(root_);
  const std::string found = FolderOf("o/n");
  std::filesystem::current_path(here);
  EXPECT_EQ(found, root_ + "/o/n");
}

TEST_F(Finding, AKeyIsLookedForInTheModelsFolder) {
  folder_.Write("models/nano/config.json", "{}");
  EXPECT_EQ(FolderOf("nano"), root_ + "/models/nano");
}

TEST_F(Finding, AKeyIsLookedForAboveTheProgram) {
  folder_.Write("fixtures/models/nano/config.json", "{}");
  EXPECT_EQ(FolderOf("nano"), root_ + "/fixtures/models/nano");
  EXPECT_EQ(FindModel("nano", places_)->entry->key, "nano");
}

TEST_F(Finding, AKeyIsLookedForInTheCachesByItsRepository) {
  AddSnapshot("quire", "models--deepseek-ai--DeepSeek-OCR");
  EXPECT_EQ(FolderOf("deepseek-ocr"), SnapshotPath("quire", "models--deepseek-ai--DeepSeek-OCR"));
  AddSnapshot("hf", "models--deepseek-ai--DeepSeek-OCR");
  EXPECT_EQ(FolderOf("deepseek-ocr"), SnapshotPath("hf", "models--deepseek-ai--DeepSeek-OCR"));
}

TEST_F(Finding, ADefaultKeyIsFoundWhereItsModelIs) {
  AddSnapshot("hf", "models--deepseek-ai--DeepSeek-OCR");
  EXPECT_EQ(FolderOf("default-cuda"), SnapshotPath("hf", "models--deepseek-ai--DeepSeek-OCR"));
}

TEST_F(Finding, ARepositoryIsLookedForInTheCaches) {
  AddSnapshot("hf", "models--o--n");
  EXPECT_EQ(FolderOf("o/n"), SnapshotPath("hf", "models--o--n"));
  EXPECT_EQ(FolderOf(std::string("o/n@") + kCommit), SnapshotPath("hf", "models--o--n"));
}

TEST_F(Finding, ARepositoryWithAKeyHasItsFacts) {
  AddSnapshot("hf", "models--deepseek-ai--DeepSeek-OCR");
  EXPECT_EQ(FindModel("deepseek-ai/DeepSeek-OCR", places_)->entry->key, "deepseek-ocr");
}

TEST_F(Finding, AMissingModelSaysWhatToType) {
  const absl::Status status = FindModel("deepseek-ocr-2", places_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("type: quire models pull deepseek-ocr-2 (looked for: "),
                    HasSubstr(root_ + "/hf/models--deepseek-ai--DeepSeek-OCR-2 (revision main)"),
                    HasSubstr(root_ + "/models/deepseek-ocr-2")));
}

TEST_F(Finding, AnUnfinishedSnapshotIsNoModelAndSaysWhatItLacks) {
  AddSnapshot("hf", "models--o--n");
  std::filesystem::remove(SnapshotPath("hf", "models--o--n") + "/model.safetensors");
  EXPECT_THAT(FolderOf("o/n"), HasSubstr("(it lacks *.safetensors)"));
}

TEST_F(Finding, AnUnknownNameIsToldTheKeys) {
  EXPECT_THAT(FolderOf("huge"),
              AllOf(HasSubstr("model 'huge' was not found"), HasSubstr("deepseek-ocr-2"),
                    Not(HasSubstr("quire models pull"))));
}

}  // namespace
}  // namespace quire
