#pragma once

#include <string>

#include "proto/checkpoint/find_model.h"

namespace quire::client {

enum class ModelsAction { kList, kShow, kVerify, kPull };

// `quire models`.
struct ModelsConfig {
  ModelsAction action = ModelsAction::kList;
  std::string model;          // KEY: a registry key, owner/name, owner/name@revision, or a folder
  bool json = false;          // --format json
  bool quiet = false;         // --quiet
  int retries = 5;            // --retries of one file, 0 to 100
  double stall_seconds = 30;  // --stall-seconds without a byte, 0.1 to 3600
  ModelPlaces places;         // --models-dir, and HF_... and QUIRE_CACHE_DIR
  std::string hub = "https://huggingface.co";  // HF_ENDPOINT, without a slash at its end
  std::string token;                           // HF_TOKEN; sent to the hub alone
};

}  // namespace quire::client
