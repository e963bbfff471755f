#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/bench/bench_run.h"
#include "client/page_choice.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// One way to read the page set.
struct Setting {
  std::string kind;      // "mode", "token cap", "batch", "precision"; empty: as it is
  std::string name;      // how a user gets it: "--mode base", "documents together"
  PageChoice choice;
  int concurrency = 1;   // documents at once
  std::vector<std::string> server_flags;  // of a server that is started for it
};

// A page's text, to see what a setting costs.
struct PageText {
  std::string file;
  int page_number = 0;
  std::string markdown;
};

// What a setting gave.
struct Measured {
  Setting setting;
  std::optional<BenchRun> run;  // its median run; nothing where it failed
  std::string failure;          // why
  double pages_per_second = 0;
  std::vector<PageText> texts;  // of one run
  double changed = 0;           // characters that differ from the text as it was, 0 to 1
};

// Other ways to read than `base`, one change each: every other mode of the model; a token cap where
// pages differ much in length; documents together where they went one after another; and, where
// servers can be started for it, other element types and numbers of slots.
//   own_servers  whether a server may be started for a setting
std::vector<Setting> Alternatives(const Measured& base, const v1::GetServerInfoResponse& info,
                                  bool own_servers);

// The settings that gave more pages a second than `base` by more than 3 %, at most three: first those
// that left the text as it was, but for 2 % of its characters, and of each kind the fastest first.
std::vector<const Measured*> WhatHelps(const Measured& base, const std::vector<Measured>& others);

// Part of the characters of `before` that are others in `after`, over the pages that both have.
double ChangedPart(const std::vector<PageText>& before, const std::vector<PageText>& after);

}  // namespace quire::client
