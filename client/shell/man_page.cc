#include "client/shell/man_page.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace quire::client {
namespace {

// A line may not begin with a control character, and a hyphen is one that can be copied.
std::string Roff(std::string_view text) {
  std::string escaped = absl::StrReplaceAll(std::string(text), {{"\\", "\\e"}, {"-", "\\-"}});
  if (escaped.starts_with(".") || escaped.starts_with("'")) escaped.insert(0, "\\&");
  return absl::StrReplaceAll(escaped, {{"\n.", "\n\\&."}, {"\n'", "\n\\&'"}});
}

std::string Bold(std::string_view text) { return absl::StrCat("\\fB", Roff(text), "\\fR"); }

std::string FlagEntry(const FlagDescription& flag) {
  std::string names = absl::StrJoin(
      flag.names, ", ",
      [](std::string* out, const std::string& name) { absl::StrAppend(out, Bold(name)); });
  if (!flag.values.empty()) {
    absl::StrAppend(&names, " ", Roff(absl::StrJoin(flag.values, "|")));
  } else if (flag.takes_value) {
    absl::StrAppend(&names, " \\fIVALUE\\fR");
  }
  return absl::StrCat(".TP\n", names, "\n", Roff(flag.help),
                      flag.variable.empty() ? "" : absl::StrCat(" (", Bold(flag.variable), ")"),
                      "\n");
}

// `models` and `quire` itself do nothing alone; `evaluate` does, beside its subcommand.
bool DoesSomethingAlone(const CommandDescription& command) {
  return command.subcommands.empty() ||
         std::any_of(command.flags.begin(), command.flags.end(),
                     [](const FlagDescription& flag) { return !flag.variable.empty(); });
}

void AppendCommand(const CommandDescription& command, const std::string& path, std::string& page) {
  if (DoesSomethingAlone(command)) {
    absl::StrAppend(&page, ".SS ", Roff(path), command.takes_files ? " \\fIFILE\\fR..." : "", "\n",
                    Roff(command.help), "\n");
    for (const FlagDescription& flag : command.flags) page += FlagEntry(flag);
  }
  for (const CommandDescription& each : command.subcommands) {
    AppendCommand(each, absl::StrCat(path, " ", each.name), page);
  }
}

}  // namespace

std::string WriteManPage(const CommandDescription& program, std::string_view version,
                         std::string_view ending) {
  std::string page =
      absl::StrCat(".TH QUIRE 1 \"\" \"quire ", std::string(version),
                   "\" \"User Commands\"\n.SH NAME\n", program.name, " \\- ",
                   Roff(absl::AsciiStrToLower(program.help.substr(0, 1)) + program.help.substr(1)),
                   "\n.SH SYNOPSIS\n.B quire\n\\fICOMMAND\\fR [\\fIFLAG\\fR...] "
                   "[\\fIFILE\\fR...]\n.SH COMMANDS\n");
  AppendCommand(program, program.name, page);
  absl::StrAppend(&page, ".SH EXIT STATUS\n.nf\n", Roff(ending), ".fi\n");
  return page;
}

}  // namespace quire::client
