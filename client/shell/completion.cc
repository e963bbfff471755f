#include "client/shell/completion.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace quire::client {
namespace {

using Visit = std::function<void(const CommandDescription& command, const std::string& path)>;

// `path`: the words after the program's name, "models pull"; empty for the program.
void ForEachCommand(const CommandDescription& command, const std::string& path,
                    const Visit& visit) {
  visit(command, path);
  for (const CommandDescription& each : command.subcommands) {
    ForEachCommand(each, absl::StrCat(path, path.empty() ? "" : " ", each.name), visit);
  }
}

std::vector<std::string> FlagNames(const CommandDescription& command) {
  std::vector<std::string> names;
  for (const FlagDescription& flag : command.flags) {
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  }
  return names;
}

std::vector<std::string> CommandNames(const CommandDescription& command) {
  std::vector<std::string> names;
  for (const CommandDescription& each : command.subcommands) names.push_back(each.name);
  return names;
}

// The first sentence's worth of a help text, for a line in a menu.
std::string Brief(const std::string& help) {
  const size_t end = std::min(help.find_first_of(";("), size_t{70});
  std::string brief = help.substr(0, end);
  while (!brief.empty() &&
         (static_cast<unsigned char>(brief.back()) >= 0x80 || brief.back() == ' ')) {
    brief.pop_back();
  }
  return brief;
}

std::string Bash(const CommandDescription& program) {
  std::string paths, values, words;
  ForEachCommand(program, "", [&](const CommandDescription& command, const std::string& path) {
    const std::string quoted = absl::StrCat("'", path, "'");
    if (!path.empty()) absl::StrAppend(&paths, paths.empty() ? "" : "|", quoted);
    for (const FlagDescription& flag : command.flags) {
      if (!flag.takes_value) continue;
      for (const std::string& name : flag.names) {
        absl::StrAppend(&values, "    '", path, ":", name, "') ",
                        flag.values.empty()
                            ? std::string("COMPREPLY=($(compgen -f -- \"$cur\"))")
                            : absl::StrCat("COMPREPLY=($(compgen -W '",
                                           absl::StrJoin(flag.values, "\n"), "' -- \"$cur\"))"),
                        "; return ;;\n");
      }
    }
    absl::StrAppend(&words, "    ", quoted, ") flags='", absl::StrJoin(FlagNames(command), "\n"),
                    "'; commands='", absl::StrJoin(CommandNames(command), "\n"), "' ;;\n");
  });
  return absl::StrCat(
      "# bash completion for quire: put it into ~/.local/share/bash-completion/completions/quire\n"
      "_quire() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local IFS=$'\\n' path= flags= commands= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${path:+$path }${COMP_WORDS[i]}\" in\n      ",
      paths,
      ") path=${path:+$path }${COMP_WORDS[i]} ;;\n    esac\n  done\n  COMPREPLY=()\n"
      "  case \"$path:$prev\" in\n",
      values, "  esac\n  case \"$path\" in\n", words,
      "  esac\n"
      "  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"
      "  elif [[ -n $commands ]]; then\n    COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))\n"
      "  else\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
      "complete -o filenames -F _quire quire\n");
}

std::string ZshText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshCommand(const CommandDescription& command) {
  std::string lines;
  for (const FlagDescription& flag : command.flags) {
    for (const std::string& name : flag.names) {
      absl::StrAppend(&lines, " \\\n      '", name, flag.takes_value ? "=" : "", "[",
                      ZshText(Brief(flag.help)), "]");
      if (flag.takes_value && flag.values.empty()) absl::StrAppend(&lines, ":value:_files");
      if (!flag.values.empty()) {
        absl::StrAppend(&lines, ":value:(", absl::StrJoin(flag.values, " "), ")");
      }
      absl::StrAppend(&lines, "'");
    }
  }
  const std::string rest =
      command.subcommands.empty()
          ? std::string(command.takes_files ? "'*:file:_files'" : "")
          : absl::StrCat("'1:command:(", absl::StrJoin(CommandNames(command), " "),
                         ")' '*::: :->rest'");
  return absl::StrCat("_arguments -s -S", lines, rest.empty() ? "" : " \\\n      ", rest);
}

std::string Zsh(const CommandDescription& program) {
  std::string script =
      "#compdef quire\n# zsh completion for quire: put it as _quire into a folder of $fpath\n";
  ForEachCommand(program, "", [&](const CommandDescription& command, const std::string& path) {
    const std::string name = absl::StrReplaceAll(absl::StrCat("_quire ", path), {{" ", "_"}});
    absl::StrAppend(&script, path.empty() ? "__quire" : "_" + name, "() {\n  local state\n  ",
                    ZshCommand(command), "\n");
    if (!command.subcommands.empty()) {
      absl::StrAppend(&script, "  [[ $state == rest ]] || return\n  case $words[1] in\n");
      for (const CommandDescription& each : command.subcommands) {
        absl::StrAppend(&script, "    ", each.name, ") _", path.empty() ? "_quire" : name, "_",
                        each.name, " ;;\n");
      }
      absl::StrAppend(&script, "  esac\n");
    }
    absl::StrAppend(&script, "}\n");
  });
  return absl::StrCat(script, "__quire \"$@\"\n");
}

std::string FishText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}});
}

std::string FishFlag(const std::string& condition, const FlagDescription& flag) {
  std::string line = absl::StrCat("complete -c quire -n '", condition, "'");
  for (const std::string& name : flag.names) {
    absl::StrAppend(&line, name.starts_with("--") ? " -l " : " -s ",
                    name.substr(name.starts_with("--") ? 2 : 1));
  }
  if (!flag.values.empty()) {
    absl::StrAppend(&line, " -x -a '", absl::StrJoin(flag.values, " "), "'");
  } else if (flag.takes_value) {
    absl::StrAppend(&line, " -r");
  }
  return absl::StrCat(line, " -d '", FishText(Brief(flag.help)), "'\n");
}

std::string Fish(const CommandDescription& program) {
  std::string script =
      "# fish completion for quire: put it as quire.fish into ~/.config/fish/completions\n";
  ForEachCommand(program, "", [&](const CommandDescription& command, const std::string& path) {
    std::vector<std::string> seen;
    std::string word;
    for (const char c : path + " ") {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        seen.push_back("__fish_seen_subcommand_from " + std::exchange(word, {}));
      }
    }
    const std::string here = seen.empty() ? "__fish_use_subcommand" : absl::StrJoin(seen, "; and ");
    if (!command.subcommands.empty()) {
      const std::string none_yet =
          seen.empty() ? here
                       : absl::StrCat(here, "; and not __fish_seen_subcommand_from ",
                                      absl::StrJoin(CommandNames(command), " "));
      for (const CommandDescription& each : command.subcommands) {
        absl::StrAppend(&script, "complete -c quire -f -n '", none_yet, "' -a ", each.name, " -d '",
                        FishText(Brief(each.help)), "'\n");
      }
    }
    for (const FlagDescription& flag : command.flags) script += FishFlag(here, flag);
  });
  return script;
}

}  // namespace

std::string WriteCompletion(std::string_view shell, const CommandDescription& program) {
  if (shell == "zsh") return Zsh(program);
  return shell == "fish" ? Fish(program) : Bash(program);
}

}  // namespace quire::client
