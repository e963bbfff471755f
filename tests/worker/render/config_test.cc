#include "worker/render/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace quire::render {
namespace {

ParsedConfig Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "quire-render");
  return ParseConfig(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Config, TakesTheServersDescriptors) {
  const ParsedConfig parsed =
      Parse({"--control-fd=3", "--arena-fd=4", "--memory-mb=512", "--sandbox=required"});
  EXPECT_EQ(parsed.exit_code, std::nullopt);
  EXPECT_EQ(parsed.config.control_fd, 3);
  EXPECT_EQ(parsed.config.arena_fd, 4);
  EXPECT_EQ(parsed.config.memory_mb, 512);
  EXPECT_EQ(parsed.config.sandbox, "required");
}

TEST(Config, TakesAFileToDraw) {
  const ParsedConfig parsed = Parse({"in.pdf", "--png", "out.png", "--page", "7", "--dpi", "150"});
  EXPECT_EQ(parsed.exit_code, std::nullopt);
  EXPECT_EQ(parsed.config.file, "in.pdf");
  EXPECT_EQ(parsed.config.png, "out.png");
  EXPECT_EQ(parsed.config.page, 7);
  EXPECT_EQ(parsed.config.dpi, 150);
}

TEST(Config, LocksItselfInUnlessToldNotTo) {
  EXPECT_EQ(Parse({"in.pdf", "--png=out.png"}).config.sandbox, "auto");
}

struct CommandLine {
  std::string name;
  std::vector<const char*> arguments;
};
void PrintTo(const CommandLine& line, std::ostream* out) { *out << line.name; }

class WrongCommandLine : public testing::TestWithParam<CommandLine> {};

TEST_P(WrongCommandLine, ExitsWithTwo) {
  EXPECT_EQ(Parse(GetParam().arguments).exit_code, kExitUsage);
}

INSTANTIATE_TEST_SUITE_P(
    Arguments, WrongCommandLine,
    testing::Values(CommandLine{"Nothing", {}}, CommandLine{"FileAlone", {"in.pdf"}},
                    CommandLine{"PngAlone", {"--png=out.png"}},
                    CommandLine{"ControlAlone", {"--control-fd=3"}},
                    CommandLine{"ArenaAlone", {"--arena-fd=4"}},
                    CommandLine{"FileForAServer",
                                {"in.pdf", "--png=o.png", "--control-fd=3", "--arena-fd=4"}},
                    CommandLine{"PageZero", {"in.pdf", "--png=o.png", "--page=0"}},
                    CommandLine{"NoResolution", {"in.pdf", "--png=o.png", "--dpi=0"}},
                    CommandLine{"LongSide", {"in.pdf", "--png=o.png", "--long-side=100000"}},
                    CommandLine{"UnknownSandbox", {"in.pdf", "--png=o.png", "--sandbox=maybe"}},
                    CommandLine{"NegativeMemory", {"in.pdf", "--png=o.png", "--memory-mb=-1"}}),
    [](const auto& info) { return info.param.name; });

TEST(Config, HelpAndVersionExitWithZero) {
  EXPECT_EQ(Parse({"--help"}).exit_code, kExitOk);
  EXPECT_EQ(Parse({"--version"}).exit_code, kExitOk);
}

}  // namespace
}  // namespace quire::render
