// Pure parts of `quire models`; models_pull.py runs the program against a hub.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "client/config.h"
#include "client/models/file_digest.h"
#include "client/models/http.h"
#include "client/models/known_digests.h"
#include "client/models/model_facts.h"
#include "client/models/pull_progress.h"
#include "tests/client/temporary_folder.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

std::string HexOf(DigestKind kind, const std::string& text) {
  Digest digest(kind, text.size());
  for (const char c : text) digest.Update({&c, 1});
  return digest.Hex();
}

TEST(Digest, IsTheSha256OfTheBytes) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(HexOf(DigestKind::kSha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, IsWhatGitCallsABlob) {
  // git hash-object of an empty file, and of "hello\n".
  EXPECT_EQ(HexOf(DigestKind::kGitBlobSha1, ""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(HexOf(DigestKind::kGitBlobSha1, "hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
}

TEST(Digest, IsToldByItsLength) {
  KnownDigest digest;
  EXPECT_TRUE(ParseDigest(std::string(64, 'A'), digest));
  EXPECT_EQ(digest.kind, DigestKind::kSha256);
  EXPECT_EQ(digest.hex, std::string(64, 'a'));
  EXPECT_TRUE(ParseDigest(kCommit, digest));
  EXPECT_EQ(digest.kind, DigestKind::kGitBlobSha1);
  for (const std::string& none :
       {std::string(), std::string(39, 'a'), std::string(64, 'g'), std::string(65, 'a')}) {
    EXPECT_FALSE(ParseDigest(none, digest)) << none;
  }
}

TEST(KnownDigests, AreReadAsTheyWereWritten) {
  const TemporaryFolder folder;
  ASSERT_TRUE(
      WriteDigests(folder.Path(""), {{"a.json", {DigestKind::kGitBlobSha1, kCommit}}}).ok());
  const KnownDigests digests = ReadDigests(folder.Path("")).value();
  EXPECT_EQ(digests.at("a.json").hex, kCommit);
  EXPECT_EQ(folder.Count(), 1);
}

TEST(KnownDigests, AreTheNamesOfTheHuggingFaceCachesBlobs) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("../../blobs/" + std::string(64, 'b'),
                                  folder.Path("w.safetensors"));
  std::filesystem::create_symlink("../elsewhere/" + std::string(64, 'c'),
                                  folder.Path("x.safetensors"));
  const KnownDigests digests = ReadDigests(folder.Path("")).value();
  EXPECT_THAT(digests, SizeIs(1));
  EXPECT_EQ(digests.at("w.safetensors").hex, std::string(64, 'b'));
}

TEST(KnownDigests, ThatAreNoneAreNamed) {
  const TemporaryFolder folder;
  folder.Write("quire-digests.json", R"({"a.json": "12"})");
  EXPECT_THAT(std::string(ReadDigests(folder.Path("")).status().message()),
              HasSubstr("the digest of a.json is none; expected 40 or 64"));
}

TEST(Origin, IsSchemeHostAndPort) {
  EXPECT_EQ(OriginOf("https://Hub.example/a/b?c"), "https://hub.example");
  EXPECT_EQ(OriginOf("https://hub.example:443/a"), "https://hub.example");
  EXPECT_EQ(OriginOf("https://hub.example:8443/a"), "https://hub.example:8443");
  EXPECT_EQ(OriginOf("https://hub.example@evil.example/"), "https://evil.example");
  EXPECT_EQ(OriginOf("http://hub.example"), "http://hub.example");
  for (const char* none :
       {"", "hub.example", "ftp://hub.example", "file:///etc/passwd", "https://"}) {
    EXPECT_EQ(OriginOf(none), "") << none;
  }
}

TEST(Location, IsTakenRelativeToItsPage) {
  EXPECT_EQ(ResolveLocation("https://a.example/b/c", "/d"), "https://a.example/d");
  EXPECT_EQ(ResolveLocation("https://a.example/b/c", "https://e.example/f"), "https://e.example/f");
  EXPECT_EQ(ResolveLocation("https://a.example/b/c", ""), "");
}

TEST(Location, LeadsFromHttpsToNothingElse) {
  EXPECT_EQ(ResolveLocation("https://a.example/b", "http://a.example/c"), "");
  EXPECT_EQ(ResolveLocation("http://a.example/b", "https://a.example/c"), "https://a.example/c");
  EXPECT_EQ(ResolveLocation("http://a.example/b", "file:///etc/passwd"), "");
}

TEST(Loopback, IsThisMachine) {
  EXPECT_TRUE(IsLoopback("http://127.0.0.1:80/"));
  EXPECT_TRUE(IsLoopback("http://localhost"));
  EXPECT_FALSE(IsLoopback("http://localhost.example"));
  EXPECT_FALSE(IsLoopback("http://10.0.0.1"));
}

TEST(FormatBytes, HasThreeDigits) {
  EXPECT_EQ(FormatBytes(12), "12 B");
  EXPECT_EQ(FormatBytes(6'672'212'480), "6.67 GB");
  EXPECT_EQ(FormatBytes(25'298'712), "25.3 MB");
  EXPECT_EQ(FormatBytes(999'600), "1.00 MB");
  EXPECT_EQ(FormatBytes(1e15), "1000 TB");
}

TEST(FormatPull, TellsRateAndTimeLeft) {
  EXPECT_EQ(FormatPull(2'000'000'000, 1'000'000'000, 6'000'000'000, 10, 80),
            "2.00 GB of 6.00 GB, 33 %, 100 MB/s, 40 s left");
}

TEST(FormatPull, ACompletePullHasNoTimeLeft) {
  EXPECT_EQ(FormatPull(10, 0, 10, 1, 80), "10 B of 10 B, 100 %, 10 B/s");
}

TEST(FormatPull, WhatWasThereHasNoRate) {
  EXPECT_EQ(FormatPull(5, 5, 10, 1, 80), "5 B of 10 B, 50 %");
}

TEST(FormatPull, FitsItsLine) { EXPECT_THAT(FormatPull(5, 0, 10, 1, 7), SizeIs(7)); }

TEST(ModelFacts, OfAModelThatIsNotHereComeFromTheRegistry) {
  const ModelFacts facts = GatherFacts("deepseek-ocr", {.caches = {"/nowhere", "/nowhere"}},
                                       {{"cuda:0", "cuda", 16'000'000'000}})
                               .value();
  EXPECT_EQ(facts.folder, "");
  ASSERT_THAT(facts.fits, SizeIs(1));
  EXPECT_EQ(facts.fits[0].dtype, "bf16");
  // The official weights, and 61,440 bytes for each of 8,192 tokens.
  EXPECT_EQ(facts.fits[0].needed_bytes, 6'672'212'480.0 + 61'440.0 * 8192);
  EXPECT_TRUE(facts.fits[0].fits());
  const std::string text = FormatModelFacts(facts);
  EXPECT_THAT(text, HasSubstr("quire models pull deepseek-ocr"));
  EXPECT_THAT(text, HasSubstr("cpu 8192, cuda 8192, mps 4096"));
  EXPECT_THAT(text,
              HasSubstr("image size 30 window 90, pdf size 20 window 50, never ids 128821 128822"));
}

TEST(ModelFacts, ADeviceThatIsTooSmallIsSaid) {
  const ModelFacts facts = GatherFacts("deepseek-ocr", {.caches = {"/nowhere", "/nowhere"}},
                                       {{"cuda:0", "cuda", 7'000'000'000}})
                               .value();
  EXPECT_FALSE(facts.fits[0].fits());
  EXPECT_THAT(FormatModelFacts(facts),
              HasSubstr("does not fit: needs at least 7.18 GB in bf16, there is 7.00 GB"));
  EXPECT_THAT(FormatModelTable({facts}), HasSubstr("cuda:0 no"));
}

TEST(ModelFacts, OfAFolderComeFromItsConfig) {
  const TemporaryFolder folder;
  folder.Write("config.json", R"({"architectures": ["DeepseekOCR2ForCausalLM"]})");
  const ModelFacts facts = GatherFacts(folder.Path(""), {}, {}).value();
  ASSERT_TRUE(facts.architecture.has_value());
  EXPECT_THAT(FormatModelFacts(facts),
              HasSubstr("v2: SAM 12 x 768, query encoder 24 x 896, decoder 12 x 1280"));
}

TEST(ModelFacts, AConfigThatIsRefusedIsSaid) {
  const TemporaryFolder folder;
  folder.Write("config.json", "{}");
  const ModelFacts facts = GatherFacts(folder.Path(""), {}, {}).value();
  EXPECT_THAT(facts.config_fault, HasSubstr("architectures is []"));
  EXPECT_THAT(ModelToJson(facts).dump(), HasSubstr("architectures is []"));
}

TEST(ModelFacts, TheListHasModelsWithoutAKey) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.Path("dir/mine"));
  folder.Write("dir/mine/config.json", "{}");
  std::filesystem::create_directories(folder.Path("cache/models--o--n"));
  const std::string table = FormatModelTable(ListModels(
      {.models_dir = folder.Path("dir"), .caches = {"/nowhere", folder.Path("cache")}}, {}));
  EXPECT_THAT(table, HasSubstr(folder.Path("dir/mine") + " (models-dir)"));
  EXPECT_THAT(table, HasSubstr("not here: quire models pull o/n"));
}

ParsedConfig Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"quire", "models"});
  return ParseConfig(static_cast<int>(arguments.size()), arguments.data());
}

TEST(ModelsConfig, TakesItsCommandsAndFlags) {
  const ParsedConfig parsed = Parse({"show", "nano", "--format", "json", "--models-dir", "/m"});
  ASSERT_FALSE(parsed.exit_code.has_value());
  EXPECT_EQ(parsed.config.command, Command::kModels);
  EXPECT_EQ(parsed.config.models.action, ModelsAction::kShow);
  EXPECT_EQ(parsed.config.models.model, "nano");
  EXPECT_TRUE(parsed.config.models.json);
  EXPECT_EQ(parsed.config.models.places.models_dir, "/m");
  EXPECT_EQ(Parse({"pull", "a/b", "--retries", "7"}).config.models.retries, 7);
  EXPECT_EQ(Parse({"list"}).config.models.action, ModelsAction::kList);
}

TEST(ModelsConfig, TakesHubAndTokenFromTheEnvironment) {
  setenv("HF_ENDPOINT", "https://mirror.example/", 1);
  setenv("HF_TOKEN", " hf_x\n", 1);
  setenv("QUIRE_MODELS_FORMAT", "json", 1);
  const ParsedConfig parsed = Parse({"show", "nano"});
  unsetenv("HF_ENDPOINT");
  unsetenv("HF_TOKEN");
  unsetenv("QUIRE_MODELS_FORMAT");
  EXPECT_EQ(parsed.config.models.hub, "https://mirror.example");
  EXPECT_EQ(parsed.config.models.token, "hf_x");
  EXPECT_TRUE(parsed.config.models.json);
}

TEST(ModelsConfig, AsksForACommandAndAModel) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({}).exit_code, 2);
  EXPECT_EQ(Parse({"pull"}).exit_code, 2);
  EXPECT_EQ(Parse({"pull", "a/b", "--stall-seconds", "0"}).exit_code, 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("--stall-seconds is 0: use 0.1 to 3600"));
}

TEST(DeviceMemory, TheHostIsTheLast) {
  const std::vector<DeviceMemory> devices = ListDeviceMemory();
  ASSERT_THAT(devices, Not(testing::IsEmpty()));
  EXPECT_EQ(devices.back().name, "cpu");
  EXPECT_GT(devices.back().total_bytes, 100'000'000U);
}

}  // namespace
}  // namespace quire::client
