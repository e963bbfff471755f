#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace quire::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ParsedConfig Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "quire-server");
  return ParseConfig(static_cast<int>(arguments.size()), arguments.data());
}

// Sets a variable for the life of this.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

void ExpectInvalid(const Config& config, const std::string& words) {
  const absl::Status status = config.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
}

TEST(Config, DefaultsAreValid) {
  const ParsedConfig parsed = Parse({});
  ASSERT_FALSE(parsed.exit_code.has_value());
  EXPECT_TRUE(parsed.config.Validate().ok());
  EXPECT_THAT(parsed.config.listen, ElementsAre("127.0.0.1:50051"));
  EXPECT_EQ(parsed.config.metrics_listen, "127.0.0.1:9464");
  EXPECT_EQ(parsed.config.limits.max_document_bytes, 500'000'000);
  EXPECT_EQ(parsed.config.limits.max_page_pixels, 50'000'000);
}

TEST(Config, ListenMayBeGivenTwice) {
  const ParsedConfig parsed = Parse({"--listen", "0.0.0.0:1", "--listen", "unix:/tmp/s"});
  EXPECT_THAT(parsed.config.listen, ElementsAre("0.0.0.0:1", "unix:/tmp/s"));
}

TEST(Config, TheLastOfTwoValuesCounts) {
  EXPECT_EQ(Parse({"--workers", "cpu", "--workers", "2"}).config.workers, "2");
}

TEST(Config, LimitsGoToTheirParts) {
  const Config config = Parse({"--max-document-megabytes", "7", "--max-page-megapixels", "1.5",
                               "--max-document-pages", "9", "--render-seconds", "3"})
                            .config;
  EXPECT_EQ(config.MakeSpoolLimits().max_document_bytes, 7'000'000);
  EXPECT_EQ(config.MakeRenderPoolOptions().max_page_pixels, 1'500'000);
  EXPECT_EQ(config.MakeRenderPoolOptions().max_document_pages, 9);
  EXPECT_EQ(config.MakeRenderPoolOptions().page_seconds, 3);
}

TEST(Config, VariablesStandInForFlags) {
  const Variable variable("QUIRE_MAX_DOCUMENTS", "5");
  EXPECT_EQ(Parse({}).config.limits.max_documents, 5);
}

TEST(Config, FlagsGoBeforeVariables) {
  const Variable variable("QUIRE_MAX_DOCUMENTS", "5");
  EXPECT_EQ(Parse({"--max-documents", "6"}).config.limits.max_documents, 6);
}

TEST(Config, TheModelsOlderVariableCounts) {
  const Variable variable("DEEPSEEK_OCR_MODEL", "/models/old");
  EXPECT_EQ(Parse({}).config.model, "/models/old");
}

TEST(Config, QuireModelGoesBeforeTheOlderVariable) {
  const Variable older("DEEPSEEK_OCR_MODEL", "/models/old");
  const Variable newer("QUIRE_MODEL", "/models/new");
  EXPECT_EQ(Parse({}).config.model, "/models/new");
}

TEST(Config, WorkerArgumentsArePassedOn) {
  EXPECT_THAT(Parse({"--worker-args=--dtype=f32", "--worker-args=--slots=4"}).config.worker_args,
              ElementsAre("--dtype=f32", "--slots=4"));
}

TEST(Config, AnUnknownFlagEndsTheProgram) { EXPECT_EQ(Parse({"--nonsense"}).exit_code, kExitUsage); }

TEST(Config, HelpEndsTheProgramWell) { EXPECT_EQ(Parse({"--help"}).exit_code, 0); }

TEST(Config, VersionEndsTheProgramWell) { EXPECT_EQ(Parse({"--version"}).exit_code, 0); }

TEST(Config, RefusesAnAddressWithoutPort) {
  ExpectInvalid(Parse({"--listen", "localhost"}).config, "--listen is 'localhost'");
}

TEST(Config, RefusesAPortThatIsTooLarge) {
  ExpectInvalid(Parse({"--listen", "localhost:70000"}).config, "--listen");
}

TEST(Config, RefusesRemoteWorkersWithoutToken) {
  ExpectInvalid(Parse({"--worker-listen", "0.0.0.0:1"}).config, "--worker-token-file");
}

TEST(Config, RefusesWorkersThatAreNoDevices) {
  ExpectInvalid(Parse({"--workers", "a few"}).config, "--workers is 'a few'");
}

TEST(Config, RefusesNoWorkersAsANumber) { ExpectInvalid(Parse({"--workers", "0"}).config, "none"); }

TEST(Config, RefusesALimitOfZero) {
  ExpectInvalid(Parse({"--max-documents", "0"}).config, "--max-documents is 0");
}

TEST(Config, DescribesItselfWithoutTheTokensPath) {
  const Config config =
      Parse({"--worker-listen", "0.0.0.0:1", "--worker-token-file", "/secret"}).config;
  EXPECT_THAT(config.Describe(), HasSubstr("max-documents=64"));
  EXPECT_THAT(config.Describe(), Not(HasSubstr("/secret")));
}

}  // namespace
}  // namespace quire::server
